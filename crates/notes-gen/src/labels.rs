/// What the labels of a pull request say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelFacts {
    /// Names behind `sig/`, in the order of the forge.
    pub sigs: Vec<String>,
    /// Names behind `kind/`.
    pub kinds: Vec<String>,
    /// Names behind `area/`.
    pub areas: Vec<String>,
    /// The label `release-note-action-required` is there.
    pub action_required: bool,
    /// The label `release-note-none` is there.
    pub do_not_publish: bool,
}

impl LabelFacts {
    /// Reads label names. The slash is part of the prefix: `signed-off` is not a SIG.
    pub fn read<S: AsRef<str>>(labels: &[S]) -> Self {
        let behind = |prefix: &str| -> Vec<String> {
            let mut names: Vec<String> = Vec::new();
            for name in labels.iter().filter_map(|label| label.as_ref().strip_prefix(prefix)) {
                if !name.is_empty() && !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
            names
        };
        let has = |name: &str| labels.iter().any(|label| label.as_ref() == name);
        Self {
            sigs: behind("sig/"),
            kinds: behind("kind/"),
            areas: behind("area/"),
            action_required: has("release-note-action-required"),
            do_not_publish: has("release-note-none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_facts() {
        let facts = LabelFacts::read(&[
            "signed-off",
            "sig/storage",
            "kind/bug",
            "sig/",
            "area/kubelet",
            "sig/apps",
            "sig/storage",
            "kind/feature",
            "release-note",
        ]);
        assert_eq!(facts.sigs, ["storage", "apps"]);
        assert_eq!(facts.kinds, ["bug", "feature"]);
        assert_eq!(facts.areas, ["kubelet"]);
        assert!(!facts.action_required && !facts.do_not_publish);
        assert!(LabelFacts::read(&["release-note-action-required"]).action_required);
        assert!(LabelFacts::read(&["release-note-none"]).do_not_publish);
        assert_eq!(LabelFacts::read::<&str>(&[]), LabelFacts::default());
    }
}
