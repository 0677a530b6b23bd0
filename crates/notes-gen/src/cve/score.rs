use std::fmt;

use serde::{Serialize, Serializer};

/// A CVSS score in tenths: 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u8);

impl Score {
    /// A score of so many tenths, at most 100.
    pub fn from_tenths(tenths: u8) -> Option<Self> {
        (tenths <= 100).then_some(Self(tenths))
    }

    /// Reads `5.2`, `9`, `9.0` and `10`.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
        let tenth = tenth.trim_end_matches('0');
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 2 || tenth.len() > 1 || !digits(whole) || !digits(tenth) {
            return None;
        }
        let tenth: u8 = if tenth.is_empty() { 0 } else { tenth.parse().ok()? };
        Self::from_tenths(whole.parse::<u8>().ok()?.checked_mul(10)?.checked_add(tenth)?)
    }

    /// How many tenths.
    pub fn tenths(self) -> u8 {
        self.0
    }

    /// The band of the qualitative rating scale.
    pub fn rating(self) -> Rating {
        match self.0 {
            0 => Rating::None,
            1..=39 => Rating::Low,
            40..=69 => Rating::Medium,
            70..=89 => Rating::High,
            _ => Rating::Critical,
        }
    }
}

impl fmt::Display for Score {
    /// The shortest form: `5.2`, `9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, tenth) => write!(f, "{whole}.{tenth}"),
        }
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 10 {
            0 => serializer.serialize_u8(self.0 / 10),
            _ => serializer.serialize_f64(f64::from(self.0) / 10.0),
        }
    }
}

/// The qualitative rating of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Rating {
    /// 0.0.
    None,
    /// 0.1 to 3.9.
    Low,
    /// 4.0 to 6.9.
    Medium,
    /// 7.0 to 8.9.
    High,
    /// 9.0 to 10.0.
    Critical,
}

impl Rating {
    /// All, from the lowest.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Reads its name; the case counts.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rating| rating.to_string() == name)
    }
}

impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores() {
        for (text, shown) in [("5.2", "5.2"), ("9", "9"), ("9.0", "9"), ("10", "10"), ("10.00", "10"), ("0.1", "0.1")] {
            assert_eq!(Score::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", ".5", "10.1", "11", "5.25", "-1", "5,2", "1e1", "100", "5.2.1", "+5"] {
            assert_eq!(Score::parse(text), None, "{text}");
        }
        assert_eq!(serde_json::to_string(&[Score(52), Score(90)]).unwrap(), "[5.2,9]");
        let bands = [
            (0, "None"),
            (1, "Low"),
            (39, "Low"),
            (40, "Medium"),
            (69, "Medium"),
            (70, "High"),
            (89, "High"),
            (90, "Critical"),
        ];
        for (tenths, name) in bands {
            assert_eq!(Score(tenths).rating().to_string(), name);
            assert_eq!(Rating::parse(name), Some(Score(tenths).rating()));
        }
        assert_eq!(Rating::parse("high"), None);
    }
}
