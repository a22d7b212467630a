//! Writes the header, its frozen copy and the layout table anew. Before the tag `abi-v1` only: afterwards the frozen
//! copy stays as it is and the test tells what broke it; the header alone is then written with `--header`.

use iolink_border_tests::{frozen, header, header_path, host_header, host_header_path, layout, specification};
use std::process::ExitCode;

fn main() -> ExitCode {
    let header_only = std::env::args().any(|argument| argument == "--header");
    match run(header_only) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("refreeze: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(header_only: bool) -> Result<(), String> {
    let text = header::generate()?;
    let told = std::fs::read_to_string(specification()).map_err(|reason| reason.to_string())?;
    let told = header::declare(&told, &text)?;
    let host = (host_header_path(), host_header::generate()?);
    let mut files = vec![(header_path(), text.clone()), host, (specification(), told)];
    if !header_only {
        files.push((frozen("iolink_abi.h"), text));
        files.push((frozen("layout.txt"), layout::write(&iolink_sdk::abi::layout())));
        #[cfg(all(feature = "abi-check", target_arch = "x86_64"))]
        files.push((frozen("types.txt"), iolink_border_tests::types::write()));
    }
    for (path, text) in files {
        let changed = std::fs::read_to_string(&path).ok().as_deref() != Some(text.as_str());
        if changed {
            std::fs::write(&path, text).map_err(|reason| format!("{}: {reason}", path.display()))?;
        }
        println!("{} {}", if changed { "written  " } else { "unchanged" }, path.display());
    }
    #[cfg(not(feature = "abi-check"))]
    if !header_only {
        // abi_stable stays out of what is built together with the plugins, so the types are written by a build apart.
        let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["run", "--quiet", "--release", "-p", "iolink-border-tests", "--features", "abi-check"]);
        iolink_border_tests::plugin::run(cargo.args(["--bin", "refreeze"])).map_err(|reason| reason.to_string())?;
    }
    Ok(())
}
