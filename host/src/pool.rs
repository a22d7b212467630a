//! The one pool of threads of a process: long copies, region reads and the tasks of plugins share it.
//!
//! A library such as rayon was not taken: there a caller waits until the pool has found time for its tasks, also if it could
//! do them all itself. Here the caller works on its own tasks, threads help if they are free, and a call ends as soon as its
//! last task does. So a task may start further tasks, and nothing can wait in a circle.

use iolink_sdk::{Call, Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

type Task<'a> = &'a (dyn Fn(u64) + Sync);

/// The pool, as the SDK's code in this program uses it.
pub(crate) static RUN: iolink_sdk::pool::Run = run;

/// Tasks that are done together.
struct Job {
    /// The task; good until the caller of [`run`] has seen `helpers` at 0.
    task: Task<'static>,
    count: u64,
    next: AtomicU64,
    panicked: AtomicBool,
    /// Number of threads that work on the job beside its caller.
    helpers: Mutex<usize>,
    left: Condvar,
}

impl Job {
    /// Runs tasks until none is left. `before` is called with the number of started tasks, and ends the job with an error.
    fn work(&self, mut before: impl FnMut(u64) -> Result<()>) -> Result<()> {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.count {
                return Ok(());
            }
            let done = before(index).map(|()| {
                if catch_unwind(AssertUnwindSafe(|| (self.task)(index))).map_err(std::mem::forget).is_err() {
                    self.panicked.store(true, Ordering::Relaxed);
                }
            });
            if done.is_err() || self.panicked.load(Ordering::Relaxed) {
                self.next.store(self.count, Ordering::Relaxed);
                return done;
            }
        }
    }
}

/// Threads that wait for jobs. A pool is never freed: its threads use it.
struct Pool {
    process: u32,
    threads: AtomicUsize,
    /// A job stands here once for each further thread that may work on it.
    waiting: Mutex<VecDeque<Arc<Job>>>,
    ready: Condvar,
}

static POOL: AtomicPtr<Pool> = AtomicPtr::new(null_mut());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// The pool of this process. The threads of a parent are not in a forked child, so it gets a pool of its own.
    fn of_process() -> &'static Pool {
        let process = std::process::id();
        loop {
            let known = POOL.load(Ordering::Acquire);
            // SAFETY: a pool is never freed.
            match unsafe { known.as_ref() } {
                Some(pool) if pool.process == process => return pool,
                _ => {}
            }
            let pool = Box::into_raw(Box::new(Pool {
                process,
                threads: AtomicUsize::new(0),
                waiting: Mutex::default(),
                ready: Condvar::new(),
            }));
            if POOL.compare_exchange(known, pool, Ordering::AcqRel, Ordering::Acquire).is_err() {
                // SAFETY: another thread was first, and nobody has seen this one.
                drop(unsafe { Box::from_raw(pool) });
            }
        }
    }

    /// Offers a job to `wanted` threads, and starts those that are not there yet.
    fn offer(&'static self, job: &Arc<Job>, wanted: usize) {
        while self.threads.load(Ordering::Relaxed) < wanted {
            let number = self.threads.fetch_add(1, Ordering::Relaxed);
            let thread = std::thread::Builder::new().name(format!("iolink-{number}"));
            if thread.spawn(move || self.help()).is_err() {
                // The caller and the threads that there are do without it.
                self.threads.fetch_sub(1, Ordering::Relaxed);
                break;
            }
        }
        locked(&self.waiting).extend(std::iter::repeat_with(|| job.clone()).take(wanted));
        for _ in 0..wanted {
            self.ready.notify_one();
        }
    }

    /// Works on jobs for ever.
    fn help(&self) {
        let mut waiting = locked(&self.waiting);
        loop {
            let Some(job) = waiting.pop_front() else {
                waiting = self.ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            // Counted before the queue is free again: a caller that withdraws its job sees every helper.
            *locked(&job.helpers) += 1;
            drop(waiting);
            let _ = job.work(|_| Ok(()));
            *locked(&job.helpers) -= 1;
            job.left.notify_all();
            waiting = locked(&self.waiting);
        }
    }

    /// Takes a job back, and waits for the threads that still work on it.
    fn withdraw(&self, job: &Arc<Job>) {
        locked(&self.waiting).retain(|other| !Arc::ptr_eq(other, job));
        let mut helpers = locked(&job.helpers);
        while *helpers > 0 {
            helpers = job.left.wait(helpers).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Maximum number of threads that work for this process together: `IOLINK_THREADS`, else the cores that it may use.
pub fn thread_limit() -> usize {
    static LIMIT: OnceLock<usize> = OnceLock::new();
    *LIMIT.get_or_init(|| {
        let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let wish = std::env::var("IOLINK_THREADS").ok();
        wish.and_then(|wish| wish.trim().parse().ok()).filter(|wish| *wish > 0).unwrap_or_else(cores)
    })
}

/// Runs `task(index)` for each index below `count` on this thread and on free threads of the pool, and returns when all have
/// ended. The call's progress counts tasks.
///
/// # Errors
/// `Cancelled` or `Timeout` by `call`, after which no further task starts; `Internal` if a task panicked.
pub(crate) fn run(count: u64, task: Task<'_>, call: &Call<'_>) -> Result<()> {
    let limit = match call.max_threads() {
        0 => thread_limit(),
        limit => thread_limit().min(limit as usize),
    };
    // SAFETY: only the lifetime is changed; `withdraw` waits for every thread that uses the task before this returns.
    let task = unsafe { std::mem::transmute::<Task<'_>, Task<'static>>(task) };
    let job = Arc::new(Job {
        task,
        count,
        next: AtomicU64::new(0),
        panicked: AtomicBool::new(false),
        helpers: Mutex::new(0),
        left: Condvar::new(),
    });
    let wanted = limit.min(usize::try_from(count).unwrap_or(limit)).saturating_sub(1);
    struct Withdrawal<'a>(&'static Pool, &'a Arc<Job>);
    impl Drop for Withdrawal<'_> {
        fn drop(&mut self) {
            // Nothing new is started, also if a listener panicked.
            self.1.next.store(self.1.count, Ordering::Relaxed);
            self.0.withdraw(self.1);
        }
    }
    let withdrawal = (wanted > 0).then(|| {
        let pool = Pool::of_process();
        pool.offer(&job, wanted);
        Withdrawal(pool, &job)
    });
    let done = job.work(|index| call.step(index, count));
    drop(withdrawal);
    if job.panicked.load(Ordering::Relaxed) {
        return Err(Error::new(ErrorKind::Internal, "a task of the thread pool panicked"));
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::time::{Duration, Instant};

    #[test]
    fn every_task_runs_once() {
        for count in [0, 1, 2, 1000, 100_000] {
            let seen: Vec<AtomicU64> = (0..count).map(|_| AtomicU64::new(0)).collect();
            let task = |index: u64| {
                seen[index as usize].fetch_add(1, Ordering::Relaxed);
            };
            run(count, &task, &Call::silent()).unwrap();
            assert!(seen.iter().all(|times| times.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn tasks_may_start_tasks_from_many_threads_at_once() {
        let done = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let inner = |_| {
                        done.fetch_add(1, Ordering::Relaxed);
                    };
                    let outer = |_| run(16, &inner, &Call::silent()).unwrap();
                    run(16, &outer, &Call::silent()).unwrap();
                });
            }
        });
        assert_eq!(done.into_inner(), 8 * 16 * 16);
    }

    #[test]
    fn a_cancelled_call_starts_no_further_task() {
        let done = AtomicU64::new(0);
        let task = |_| {
            done.fetch_add(1, Ordering::Relaxed);
        };
        let stop = |_, _| false;
        let refused = run(1000, &task, &Call::new(&stop).with_max_threads(1)).unwrap_err();
        assert_eq!((refused.kind(), done.load(Ordering::Relaxed)), (ErrorKind::Cancelled, 0));
        let late = Call::silent().with_deadline(Instant::now() - Duration::from_secs(1)).with_max_threads(1);
        assert_eq!(run(1000, &task, &late).unwrap_err().kind(), ErrorKind::Timeout);
    }

    #[test]
    fn tasks_nest_deeply_although_every_thread_of_the_pool_waits() {
        fn nest(depth: u64, done: &AtomicU64) {
            done.fetch_add(1, Ordering::Relaxed);
            if depth > 0 {
                run(3, &|_| nest(depth - 1, done), &Call::silent()).unwrap();
            }
        }
        let done = AtomicU64::new(0);
        nest(7, &done);
        assert_eq!(done.into_inner(), (3u64.pow(8) - 1) / 2);
    }

    #[test]
    fn tasks_report_progress_from_ten_threads_that_each_may_stop_them() {
        let (asked, stopped) = (AtomicU64::new(0), AtomicU64::new(0));
        let listen = |_, _| asked.fetch_add(1, Ordering::Relaxed) < 500;
        let call = Call::new(&listen);
        let task = |_| {
            if call.step(0, 1).is_err() {
                stopped.fetch_add(1, Ordering::Relaxed);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| run(100, &task, &Call::silent()).unwrap());
            }
        });
        assert_eq!((asked.into_inner(), stopped.into_inner()), (1000, 500));
    }

    #[cfg(unix)]
    #[test]
    fn a_forked_child_has_a_pool_of_its_own() {
        let count = || {
            let done = AtomicU64::new(0);
            let task = |_| {
                done.fetch_add(1, Ordering::Relaxed);
            };
            run(1000, &task, &Call::silent().with_max_threads(3)).map(|()| done.into_inner()).unwrap_or(0)
        };
        assert_eq!(count(), 1000);
        // SAFETY: the child only runs tasks, and ends without running anything of the test's.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let code = i32::from(count() != 1000);
            // SAFETY: as above.
            unsafe { libc::_exit(code) };
        }
        let mut status = 0;
        for _ in 0..600 {
            // SAFETY: the child is ours.
            if unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == child {
                assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{status}");
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        // SAFETY: as above.
        unsafe { libc::kill(child, libc::SIGKILL) };
        panic!("the child waits for ever");
    }

    /// The limit is read once, so the test runs itself with it.
    #[test]
    fn the_limit_of_the_environment_holds_for_the_whole_process() {
        if std::env::var("IOLINK_THREADS").as_deref() != Ok("2") {
            let test = "pool::tests::the_limit_of_the_environment_holds_for_the_whole_process";
            let program = std::env::current_exe().unwrap();
            let ran = std::process::Command::new(program).args(["--exact", test]).env("IOLINK_THREADS", "2").output();
            let output = ran.unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            return;
        }
        assert_eq!(thread_limit(), 2);
        let seen = Mutex::new(HashSet::new());
        let task = |_| {
            std::thread::sleep(Duration::from_millis(1));
            locked(&seen).insert(std::thread::current().id());
        };
        run(100, &task, &Call::silent()).unwrap();
        run(100, &task, &Call::silent().with_max_threads(16)).unwrap();
        assert!(seen.into_inner().unwrap().len() <= 2);
    }

    #[test]
    fn one_thread_is_the_callers_own() {
        let seen = Mutex::new(HashSet::new());
        let task = |_| {
            locked(&seen).insert(std::thread::current().id());
        };
        run(100, &task, &Call::silent().with_max_threads(1)).unwrap();
        assert_eq!(seen.into_inner().unwrap(), HashSet::from([std::thread::current().id()]));
    }

    #[test]
    fn a_panic_in_a_task_is_an_error() {
        let task = |index| assert!(index != 7, "the seventh task fails");
        assert_eq!(run(20, &task, &Call::silent()).unwrap_err().kind(), ErrorKind::Internal);
    }
}
