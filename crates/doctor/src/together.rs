//! Several things of one kind at the same time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Waits for all of them; the results come in the order of the futures.
pub async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<Waiting<F>> = futures.into_iter().map(Waiting::new).collect();
    poll_fn(|cx| {
        let mut is_over = true;
        for one in &mut waiting {
            let Some(future) = &mut one.future else { continue };
            match future.as_mut().poll(cx) {
                Poll::Ready(ready) => {
                    one.output = Some(ready);
                    // Its connections close now, not when the last one is through.
                    one.future = None;
                }
                Poll::Pending => is_over = false,
            }
        }
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|one| one.output).collect()
}

struct Waiting<F: Future> {
    future: Option<Pin<Box<F>>>,
    output: Option<F::Output>,
}

impl<F: Future> Waiting<F> {
    fn new(future: F) -> Self {
        Self { future: Some(Box::pin(future)), output: None }
    }
}
