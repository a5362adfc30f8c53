//! Situations in which other tools lose work, one module each.

mod case_01_claims;
mod case_02_the_same_name_again;
mod case_03_the_user_has_the_file_too;
mod case_04_slow_writers;
mod case_05_bad_files;
mod case_06_impossible_dependencies;
mod case_08_idle_workers;
mod case_09_two_swarms;
mod case_12_stopping;
mod case_07_large_queues;
mod case_15_torn_files;
mod case_19_odd_bytes;
mod case_25_sixteen_at_once;
mod case_28_the_user_commits_meanwhile;
mod case_34_untracked_work;
mod case_36_feedback;
mod case_38_always_failing;
mod case_40_dry_run;
