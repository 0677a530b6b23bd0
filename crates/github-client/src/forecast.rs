//! What a run will need, and whether what is left holds it.

use std::fmt;

use http_kit::Allowance;
use jiff::Timestamp;

use crate::Error;

/// What a run needs and what is left, as `needs ~26 requests, 4,970 left`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// How many requests the run needs, about.
    pub needs: u64,
    /// How many are left; `None` when GitHub has not told, or does not count.
    pub left: Option<u64>,
    /// When the allowance is renewed.
    pub resets_at: Option<Timestamp>,
}

impl Forecast {
    /// A forecast against an allowance.
    pub fn new(needs: u64, allowance: Option<&Allowance>) -> Self {
        Self {
            needs,
            left: allowance.map(|allowance| allowance.remaining),
            resets_at: allowance.map(|allowance| allowance.renewed),
        }
    }

    /// Nothing when what is left holds the run, or is not known.
    ///
    /// # Errors
    /// [`Error::Budget`] when it does not.
    pub fn check(&self) -> Result<(), Error> {
        match self.left {
            Some(left) if left < self.needs => Err(Error::Budget { forecast: self.clone() }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.needs == 1 { "" } else { "s" };
        write!(f, "needs ~{} request{plural}, ", Thousands(self.needs))?;
        match self.left {
            Some(left) => write!(f, "{} left", Thousands(left)),
            None => f.write_str("what is left is not known"),
        }
    }
}

struct Thousands(u64);

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_needed_and_left() {
        let resets_at = Some("2026-03-01T12:00:00Z".parse().unwrap());
        let forecast = |needs, left| Forecast { needs, left, resets_at };
        assert_eq!(forecast(26, Some(4970)).to_string(), "needs ~26 requests, 4,970 left");
        assert_eq!(forecast(1, Some(1_234_567)).to_string(), "needs ~1 request, 1,234,567 left");
        assert!(forecast(26, Some(26)).check().is_ok());
        assert!(forecast(26, None).check().is_ok());
        let error = forecast(1026, Some(25)).check().unwrap_err();
        assert_eq!(error.to_string(), "needs ~1,026 requests, 25 left, renewed at 2026-03-01T12:00:00Z");
    }
}
