// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server with a thousand connections at once over the loopback device: tokio, with several threads.
//! Clients and server are tasks of one process.

use ochre_probes::say;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const CONNECTIONS: u32 = 1000;
const ROUNDS: u32 = 5;
/// Both ends of each, and some.
const FILES: libc::rlim_t = 4096;

async fn serve(mut stream: TcpStream) -> std::io::Result<u32> {
    let mut answered = 0;
    let mut word = [0; 8];
    while stream.read_exact(&mut word).await.is_ok() {
        let number = u64::from_le_bytes(word);
        stream.write_all(&(number + 1).to_le_bytes()).await?;
        answered += 1;
    }
    Ok(answered)
}

/// Asks and checks the answers; `all` are connected before the first question.
async fn ask(address: std::net::SocketAddr, id: u32, all: Arc<Barrier>) -> std::io::Result<u32> {
    let mut stream = TcpStream::connect(address).await?;
    all.wait().await;
    let mut right = 0;
    for round in 0..ROUNDS {
        let question = u64::from(id) << 32 | u64::from(round);
        stream.write_all(&question.to_le_bytes()).await?;
        let mut word = [0; 8];
        stream.read_exact(&mut word).await?;
        right += u32::from(u64::from_le_bytes(word) == question + 1);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(right)
}

async fn run() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move {
        let mut tasks = JoinSet::new();
        for _ in 0..CONNECTIONS {
            match listener.accept().await {
                Ok((stream, _)) => drop(tasks.spawn(serve(stream))),
                Err(error) => say(format_args!("accept: {error}")),
            }
        }
        let counts = tasks.join_all().await;
        counts.into_iter().filter_map(Result::ok).sum::<u32>()
    });
    let all = Arc::new(Barrier::new(CONNECTIONS as usize));
    let mut clients = JoinSet::new();
    for id in 0..CONNECTIONS {
        clients.spawn(ask(address, id, Arc::clone(&all)));
    }
    let mut right = 0;
    for answers in clients.join_all().await {
        match answers {
            Ok(count) => right += count,
            Err(error) => say(format_args!("client: {error}")),
        }
    }
    say(format_args!("right answers: {right}"));
    say(format_args!("answered: {}", server.await.unwrap_or(0)));
    Ok(())
}

fn main() {
    let limit = libc::rlimit { rlim_cur: FILES, rlim_max: FILES };
    // SAFETY: the limit lives until the call returns.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } != 0 {
        say("the limit of files cannot be raised");
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    match runtime {
        Ok(runtime) => {
            if let Err(error) = runtime.block_on(run()) {
                say(format_args!("{error}"));
            }
        }
        Err(error) => say(format_args!("no runtime: {error}")),
    }
}
