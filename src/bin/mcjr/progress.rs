//! Progress on stderr: a bar for each layer on a terminal, a quiet line now and then elsewhere.

use std::future::Future;
use std::io::Write;
use std::time::Duration;

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};
use multicloudj_registry::session::LayerProgress;
use multicloudj_registry::{Result, Session};

/// What to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Bars that redraw themselves.
    Bars,
    /// Lines for a log.
    Lines,
    /// Nothing.
    Nothing,
}

/// A look at the bars this often.
const REDRAW: Duration = Duration::from_millis(100);
/// A line in a log this often.
const LINE: Duration = Duration::from_secs(5);

/// Runs `work` and shows how far `session` is.
pub(crate) async fn watch<T>(show: Show, session: &Session, work: impl Future<Output = Result<T>>) -> Result<T> {
    let shower = async {
        match show {
            Show::Bars => bars(session).await,
            Show::Lines => lines(session).await,
            Show::Nothing => std::future::pending().await,
        }
    };
    tokio::pin!(shower);
    tokio::select! {
        done = work => done,
        () = &mut shower => unreachable!("it shows until the work is done"),
    }
}

/// The bars on the terminal; they vanish when this is dropped, and the result line takes their place.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.bars.iter().for_each(ProgressBar::finish_and_clear);
    }
}

async fn bars(session: &Session) {
    let mut shown = Bars::default();
    loop {
        let layers = session.layers();
        for layer in layers.iter().skip(shown.bars.len()) {
            shown.bars.push(shown.all.add(bar(layer)));
        }
        for (layer, bar) in layers.iter().zip(&shown.bars) {
            bar.set_position(layer.done());
        }
        tokio::time::sleep(REDRAW).await;
    }
}

fn bar(layer: &LayerProgress) -> ProgressBar {
    // As wide as the terminal is: a line that wraps would be redrawn in the wrong place.
    let template = "{prefix} {wide_bar} {bytes:>10}/{total_bytes:<10} {bytes_per_sec:>11}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // Built, not set: a change of a bar that is not among the others yet would be drawn by itself.
    ProgressBar::new(layer.size)
        .with_style(style.progress_chars("=> "))
        .with_prefix(layer.digest.hex()[..12].to_owned())
}

async fn lines(session: &Session) {
    loop {
        // The first one only after a while: most pulls are done by then and need none.
        tokio::time::sleep(LINE).await;
        let layers = session.layers();
        let done: u64 = layers.iter().map(LayerProgress::done).sum();
        let total: u64 = layers.iter().map(|layer| layer.size).sum();
        let complete = layers.iter().filter(|layer| layer.done() == layer.size).count();
        let (done, total) = (HumanBytes(done), HumanBytes(total));
        // A closed stderr is no reason to stop a pull.
        let _ = writeln!(std::io::stderr(), "{done} of {total}, {complete} of {} layers", layers.len());
    }
}
