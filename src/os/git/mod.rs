//! git, through one door.
