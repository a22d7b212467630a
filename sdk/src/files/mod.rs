//! Local files and folders: random access to a file, and a folder as a store.
//!
//! | type or function | description |
//! |---|---|
//! | [`LocalFile`] | random access to one file |
//! | [`FolderStore`] | the files of a folder as a [`Store`](crate::Store) |
//! | [`open_regular`] | opens a regular file by its path, and never waits |
//! | [`open_beneath`] | opens a regular file in a folder by a name that may come out of another file |

#[cfg(unix)]
mod beneath;
#[cfg(unix)]
mod draft;
#[cfg(unix)]
mod folder_entries;
#[cfg(unix)]
mod folder_store;
mod local_file;
#[cfg(unix)]
mod regular;
#[cfg(unix)]
mod value_writer;

#[cfg(unix)]
pub use beneath::open_beneath;
#[cfg(unix)]
pub use folder_store::FolderStore;
pub use local_file::{file_was_cut, LocalFile};
#[cfg(unix)]
pub use regular::{name_of_kind, open_regular};
