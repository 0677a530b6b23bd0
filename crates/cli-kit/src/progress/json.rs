use release_journal::{Event, ProgressSink};

use crate::console::Console;

/// One JSON object a line, as the events serialise.
#[derive(Debug)]
pub(super) struct JsonLines {
    console: Console,
}

impl JsonLines {
    pub(super) fn new(console: Console) -> Self {
        Self { console }
    }
}

impl ProgressSink for JsonLines {
    fn event(&self, event: &Event) {
        if let Ok(mut value) = serde_json::to_value(event) {
            self.console.redaction().apply_json(&mut value);
            self.console.write(&format!("{value}\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use release_journal::StepId;

    use super::*;
    use crate::{Redaction, shell::Buffer};

    #[test]
    fn one_object_a_line() {
        let (out, redaction) = (Buffer::default(), Redaction::new());
        redaction.set(Arc::new(|text| text.replace("s3cret", "[redacted]")));
        let sink = JsonLines::new(Console::new(Box::new(out.clone()), None, redaction));
        sink.event(&Event::RunStarted { run: "stage-v1".into(), total: 2 });
        sink.event(&Event::Note { step: StepId::new("copy", "v1").unwrap(), text: "with s3cret".into() });
        assert_eq!(
            out.text(),
            "{\"event\":\"run-started\",\"run\":\"stage-v1\",\"total\":2}\n\
             {\"event\":\"note\",\"step\":\"copy:v1\",\"text\":\"with [redacted]\"}\n"
        );
    }
}
