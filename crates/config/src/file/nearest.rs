//! "Did you mean": the known word nearest to an unknown one.

/// The candidate nearest to a word, if it is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    let allowed = 1 + word.len() / 4;
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour.
fn distance(word: &[char], candidate: &str) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=word.len()).collect();
    let mut last = None;
    for (count, letter) in candidate.chars().take(LONGEST).flat_map(char::to_lowercase).enumerate() {
        // A hyphen typed for an underscore is the likeliest slip of all.
        let same = |a: char, b: char| a == b || (matches!(a, '-' | '_') && matches!(b, '-' | '_'));
        let mut next = vec![count + 1];
        for (at, &own) in word.iter().enumerate() {
            let replaced = row[at] + usize::from(!same(own, letter));
            let mut least = replaced.min(row[at + 1] + 1).min(next[at] + 1);
            if at > 0 && Some(own) == last && word[at - 1] == letter && own != letter {
                least = least.min(before[at - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(letter);
    }
    row[word.len()]
}

/// Longer words are no slips of the pen.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expected: Option<&str>) {
        let known = ["upstreams", "first_byte", "path", "pool", "deny", "between_bytes"];
        assert_eq!(nearest(word, known), expected, "{word}");
    }

    #[test]
    fn a_slip_finds_the_word_that_was_meant() {
        check("upstream", Some("upstreams"));
        check("upstraems", Some("upstreams"));
        check("first-byte", Some("first_byte"));
        check("Path", Some("path"));
        check("betwen_bites", Some("between_bytes"));
    }

    #[test]
    fn another_word_finds_nothing() {
        check("certificate", None);
        check("x", None);
        check("", None);
        check(&"ü".repeat(500), None);
    }
}
