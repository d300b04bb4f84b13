//! Whether somebody is still there at the other end.

use tokio::net::TcpStream;

/// Whether the peer is known to have closed its side, or the connection to be broken.
///
/// Asked of the kernel itself, not of the runtime, which may not have looked for a while. What the
/// peer sent before it left does not hide that it left.
#[cfg(target_os = "linux")]
pub(super) fn has_gone(stream: &TcpStream) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut fds = [PollFd::new(stream, PollFlags::RDHUP)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    match poll(&mut fds, Some(&at_once)) {
        Ok(_) => {
            let gone = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
            fds[0].revents().intersects(gone)
        }
        // Not known.
        Err(_) => false,
    }
}

/// As above, where the kernel cannot be asked so: bytes that wait hide that the peer left.
#[cfg(not(target_os = "linux"))]
pub(super) fn has_gone(stream: &TcpStream) -> bool {
    use std::task::{Context, Poll, Waker};
    let mut byte = [std::mem::MaybeUninit::uninit(); 1];
    let mut buffer = tokio::io::ReadBuf::uninit(&mut byte);
    match stream.poll_peek(&mut Context::from_waker(Waker::noop()), &mut buffer) {
        Poll::Ready(Ok(bytes)) => bytes == 0,
        Poll::Ready(Err(_)) => true,
        Poll::Pending => false,
    }
}
