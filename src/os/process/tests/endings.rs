//! How a run begins and how it ends by itself.

use std::fs;
use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;

use super::super::*;
use super::support::*;

#[test]
fn an_exit_code_is_told_as_it_is() {
    for code in [0, 1, 42, 255] {
        let ended = agent(&["say hello", &format!("exit {code}")]).run();
        assert_eq!(ended.ending.how, How::Exited(code));
        assert_eq!(ended.text(), "hello\n");
        assert_eq!(ended.ending.tail, b"hello\n");
        assert_eq!(ended.ending.printed_bytes, 6);
        assert!(ended.ending.strays.is_empty());
        assert!(ended.ending.log_error.is_none());
    }
}

#[test]
fn a_death_by_signal_is_not_an_exit_code() {
    assert_eq!(agent(&["die"]).run().ending.how, How::Signalled(9));
}

#[test]
fn both_outputs_come_in_the_order_in_which_they_were_written() {
    let ended = agent(&["say one", "complain two", "say three", "complain four"]).run();
    assert_eq!(ended.text(), "one\ntwo\nthree\nfour\n");
}

#[test]
fn a_missing_program_is_told_apart_from_all_else() {
    let named = |name: &'static str| agent(&[]).with(move |spec| spec.argv = vec![name.into()]).fails();
    for name in ["no-such-program", "/no/such/program", "./no-such-program"] {
        let error = named(name);
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(named("/etc/passwd").kind(), ErrorKind::PermissionDenied);
    assert_eq!(agent(&[]).with(|spec| spec.argv.clear()).fails().kind(), ErrorKind::InvalidInput);
    assert_eq!(agent(&[&"x".repeat(200_000)]).fails().kind(), ErrorKind::ArgumentListTooLong);
}

#[test]
fn a_missing_folder_is_not_a_missing_program() {
    let error = agent(&[]).with(|spec| spec.folder = "/no/such/folder".into()).fails();
    assert_eq!(error.kind(), ErrorKind::NotADirectory, "{error}");
}

#[test]
fn a_script_without_its_interpreter_is_a_missing_program_and_says_so() {
    let agent = agent(&[]);
    let script = agent.spec.folder.join("script");
    fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let error = agent.with(|spec| spec.argv = vec!["./script".into()]).fails();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("interpreter"), "{error}");
}

#[test]
fn a_program_is_found_on_the_path_it_is_given() {
    let ended = agent(&[]).with(|spec| spec.argv = vec!["sh".into(), "-c".into(), "echo $0".into()]).run();
    assert_eq!((ended.ending.how, ended.text().as_str()), (How::Exited(0), "/usr/bin/sh\n"));
}

#[test]
fn the_environment_is_what_was_given_and_the_folder_and_the_mark() {
    let agent = agent(&["env", "pwd"]);
    let folder = agent.spec.folder.display().to_string();
    let mark = String::from(agent.spec.mark.clone());
    let ended = agent.run();
    let text = ended.text();
    let mut names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    assert_eq!(names, ["COLOUR", "PATH", "PWD", "SWARM_MARK"]);
    assert!(text.contains(&format!("PWD={folder}\n")));
    assert!(text.contains(&mark));
    assert!(text.ends_with(&format!("\n{folder}\n")));
}

#[test]
fn a_prompt_is_read_from_where_it_stands_to_its_end() {
    let agent = agent(&["read", "say end"]);
    let path = agent.folder.path().join("prompt");
    fs::write(&path, "passed over\n$HOME {{x}} `a` \\ 🐝\r\n").unwrap();
    let mut prompt = fs::File::open(path).unwrap();
    prompt.seek(SeekFrom::Start(12)).unwrap();
    let ended = agent.with(|spec| spec.stdin = Some(prompt)).run();
    assert_eq!(ended.text(), "$HOME {{x}} `a` \\ 🐝\r\nend\n");
}

#[test]
fn without_a_prompt_there_is_nothing_to_read() {
    assert_eq!(agent(&["read", "say end"]).run().text(), "end\n");
}

#[test]
fn an_agent_may_close_what_it_reads_and_what_it_prints_to() {
    let ended = agent(&["say one", "close stdin", "close output", "sleep 50", "write work.txt done", "exit 3"]).run();
    assert_eq!((ended.ending.how, ended.text().as_str()), (How::Exited(3), "one\n"));
    assert_eq!(fs::read_to_string(ended.folder.path().join("work/work.txt")).unwrap(), "done");
}

#[test]
fn the_watcher_knows_the_child_before_it_prints() {
    struct Notes(Vec<String>, Option<Identity>);
    impl Watch for Notes {
        fn started(&mut self, identity: &Identity) -> Verdict {
            assert!(identity.is_alive());
            self.1 = Some(identity.clone());
            Verdict::GoOn
        }
        fn printed(&mut self, bytes: &[u8]) -> Verdict {
            self.0.push(String::from_utf8_lossy(bytes).into_owned());
            Verdict::GoOn
        }
    }
    let mut notes = Notes(Vec::new(), None);
    let ended = agent(&["sleep 20", "say a", "say b"]).run_with(&Wake::new().unwrap(), &mut notes);
    assert_eq!(ended.ending.how, How::Exited(0));
    assert_eq!(notes.0.concat(), "a\nb\n");
    assert!(!notes.1.unwrap().is_alive());
}
