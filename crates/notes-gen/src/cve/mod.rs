//! Records of vulnerabilities, as maps carry them in their `cve` data field: parsed, checked against their CVSS vector, and
//! silent while they are under embargo.

mod cvss;
mod cvss3;
mod cvss4;
mod problem;
mod record;
mod score;

pub use cvss::{Cvss, CvssVersion, ParseCvssError};
pub use problem::{CveField, CveProblem};
pub use record::{Cve, CveRecord, is_cve_id, parse_embargo};
pub(crate) use record::order_of;
pub use score::{Rating, Score};
