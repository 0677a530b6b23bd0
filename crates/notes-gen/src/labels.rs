use crate::Profile;

/// What the labels of a pull request say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelFacts {
    /// Names of the groups (SIGs), in the order of the forge.
    pub sigs: Vec<String>,
    /// Names of the kinds.
    pub kinds: Vec<String>,
    /// Names of the areas.
    pub areas: Vec<String>,
    /// The label for changes that require action is there.
    pub action_required: bool,
    /// The label for changes without a note is there.
    pub do_not_publish: bool,
}

impl LabelFacts {
    /// Reads label names. The slash is part of the prefix: `signed-off` is not a SIG.
    pub fn read<S: AsRef<str>>(labels: &[S], profile: &Profile) -> Self {
        let names = &profile.labels;
        let behind = |prefix: &str| -> Vec<String> {
            let mut names: Vec<String> = Vec::new();
            if prefix.is_empty() {
                return names;
            }
            for name in labels.iter().filter_map(|label| label.as_ref().strip_prefix(prefix)) {
                if !name.is_empty() && !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
            names
        };
        let has = |name: &str| !name.is_empty() && labels.iter().any(|label| label.as_ref() == name);
        Self {
            sigs: behind(&names.group),
            kinds: behind(&names.kind),
            areas: behind(&names.area),
            action_required: has(&names.action_required),
            do_not_publish: has(&names.none),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_facts() {
        let profile = Profile::default();
        let labels = [
            "signed-off",
            "sig/storage",
            "kind/bug",
            "sig/",
            "area/kubelet",
            "sig/apps",
            "sig/storage",
            "kind/feature",
            "release-note",
        ];
        let facts = LabelFacts::read(&labels, &profile);
        assert_eq!(facts.sigs, ["storage", "apps"]);
        assert_eq!(facts.kinds, ["bug", "feature"]);
        assert_eq!(facts.areas, ["kubelet"]);
        assert!(!facts.action_required && !facts.do_not_publish);
        assert!(LabelFacts::read(&["release-note-action-required"], &profile).action_required);
        assert!(LabelFacts::read(&["release-note-none"], &profile).do_not_publish);
        assert_eq!(LabelFacts::read::<&str>(&[], &profile), LabelFacts::default());
    }
}
