//! Each upstream in turn, by weight, and as evenly as weights allow: 5, 1, 1 gives A A B A C A A, not five in a row.

use super::Candidate;

/// Whose turn it is, by place in the pool.
#[derive(Clone, Debug, Default)]
pub struct Turns(Vec<i64>);

impl Turns {
    /// Chooses; `None` only where there is nobody.
    pub fn next(&mut self, candidates: &[Candidate]) -> Option<usize> {
        let places = candidates.iter().map(|candidate| candidate.index + 1).max()?;
        if self.0.len() < places {
            self.0.resize(places, 0);
        }
        let mut whole = 0;
        let mut best: Option<(i64, usize)> = None;
        for candidate in candidates {
            let Some(due) = self.0.get_mut(candidate.index) else { continue };
            *due += i64::from(candidate.weight);
            whole += i64::from(candidate.weight);
            if best.is_none_or(|(most, _)| *due > most) {
                best = Some((*due, candidate.index));
            }
        }
        let (_, index) = best?;
        if let Some(due) = self.0.get_mut(index) {
            *due -= whole;
        }
        Some(index)
    }
}
