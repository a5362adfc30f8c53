//! A batch of the merge queue: branches merged one onto the other, and which of them to verify.
//!
//! All are verified together first. If that is red, the shortest row that is red is looked for by halving: the row
//! without its last branch is green, so that one is to blame, those before it may be published, and those after it
//! wait for the next batch.

/// What is known of a batch. A row of `n` is its first `n` branches; the row of none is the base, which is green.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// How many branches there are.
    all: usize,
    /// The longest row known to be green.
    green: usize,
    /// The shortest row known to be red.
    red: Option<usize>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Run the gates on the row of so many.
    Verify(usize),
    /// It is decided.
    Decided {
        /// The row of so many is green: publish it.
        publish: usize,
        /// The branch after it is to blame, if one is; it counts from 1.
        blame: Option<usize>,
    },
}

impl Batch {
    /// A batch of `all` branches of which nothing is known.
    pub fn new(all: usize) -> Self {
        Self { all, green: 0, red: None }
    }

    /// What to do next.
    pub fn next(self) -> Next {
        match self.red {
            None if self.green < self.all => Next::Verify(self.all),
            None => Next::Decided { publish: self.green, blame: None },
            Some(red) if red <= self.green + 1 => Next::Decided { publish: self.green, blame: Some(red) },
            Some(red) => Next::Verify(self.green + (red - self.green) / 2),
        }
    }

    /// The row of `row` was verified.
    #[must_use]
    pub fn verified(self, row: usize, is_green: bool) -> Self {
        if is_green {
            Self { green: self.green.max(row), ..self }
        } else {
            Self { red: Some(self.red.map_or(row, |red| red.min(row))), ..self }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Decides a batch in which the rows for which `is_red` holds are red; gives the decision and the rows verified.
    fn decide(all: usize, is_red: impl Fn(usize) -> bool) -> (usize, Option<usize>, Vec<usize>) {
        let mut batch = Batch::new(all);
        let mut verified = Vec::new();
        loop {
            match batch.next() {
                Next::Verify(row) => {
                    verified.push(row);
                    assert!(verified.len() <= all, "it never decides: {verified:?}");
                    batch = batch.verified(row, !is_red(row));
                }
                Next::Decided { publish, blame } => return (publish, blame, verified),
            }
        }
    }

    #[test]
    fn a_green_batch_costs_one_run_and_a_bad_branch_the_logarithm() {
        let never = |_: usize| false;
        assert_eq!(decide(0, never), (0, None, vec![]));
        assert_eq!(decide(1, never), (1, None, vec![1]));
        assert_eq!(decide(8, never), (8, None, vec![8]));
        assert_eq!(decide(1, |_| true), (0, Some(1), vec![1]));
        assert_eq!(decide(8, |row| row >= 1), (0, Some(1), vec![8, 4, 2, 1]));
        assert_eq!(decide(8, |row| row >= 6), (5, Some(6), vec![8, 4, 6, 5]));
        assert_eq!(decide(8, |row| row >= 8), (7, Some(8), vec![8, 4, 6, 7]));
    }

    proptest! {
        #[test]
        fn what_is_published_was_verified_and_the_blamed_one_made_it_red(
            reds in prop::collection::vec(any::<bool>(), 1..40),
        ) {
            let is_red = |row: usize| reds[row - 1];
            let (publish, blame, verified) = decide(reds.len(), is_red);
            prop_assert!(publish == 0 || (verified.contains(&publish) && !is_red(publish)));
            match blame {
                None => prop_assert_eq!(publish, reds.len()),
                Some(bad) => {
                    prop_assert_eq!(bad, publish + 1);
                    prop_assert!(is_red(bad) && verified.contains(&bad));
                }
            }
            let bound = 1 + reds.len().next_power_of_two().ilog2() as usize;
            prop_assert!(verified.len() <= bound, "{} runs for {}", verified.len(), reds.len());
        }
    }
}
