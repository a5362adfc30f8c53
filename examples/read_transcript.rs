//! Reads the transcript of an agent from standard input as a running cycle does, and says what that took:
//! `read_transcript WORKSPACE AGENT < transcript`, for `benches/reader.sh`.

use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::{env, fs, io};

use swarm::model::answer::Reader;
use swarm::os::agents::Catalogue;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args().skip(1);
    let (Some(root), Some(name)) = (words.next(), words.next()) else {
        return Err("name a workspace and an agent".into());
    };
    let agents = Catalogue::read(Path::new(&root))?;
    let described = agents.all().find(|(known, _)| *known == name).ok_or("there is no such agent")?.1;
    let mut reader = Reader::new(&described.agent.output);
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = io::stdin().lock().read(&mut buffer)?;
        if read == 0 {
            break;
        }
        bytes += read;
        reader.feed(&buffer[..read]);
    }
    let answer = reader.finish(b"");
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    println!(
        "{bytes} bytes, peak {}, done: {}, output tokens: {:?}",
        peak.trim(),
        answer.done,
        answer.usage.output_tokens
    );
    Ok(())
}
