//! Tags, in and out.

use engine::shapes::Tag;
use serde::Deserialize;

use crate::checks::Checks;
use crate::decode::{Object, Text};
use crate::members::{TAG_KEY, TAG_VALUE};
use crate::write;

/// A tag as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TagInput<'a> {
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
}

pub(crate) type TagsInput<'a> = Vec<Option<Object<TagInput<'a>>>>;

/// Checks every tag. The model does not require a key, but nothing can be done without one; a value
/// that is missing is empty.
pub(crate) fn check(checks: &mut Checks, tags: Option<TagsInput<'_>>) -> Vec<Tag> {
    let tags = tags.unwrap_or_default();
    let mut checked = Vec::with_capacity(tags.len());
    for (index, tag) in tags.into_iter().enumerate() {
        let at = format!("tags.{}.member", index + 1);
        let Some(Object(tag)) = tag else {
            checks.null(&at, false);
            continue;
        };
        let key = checks.required(&format!("{at}.key"), tag.key, &TAG_KEY);
        checks.optional(&format!("{at}.value"), tag.value.as_ref(), &TAG_VALUE);
        checked.push(Tag {
            key: key.into_string(),
            value: tag.value.map(Text::into_string).unwrap_or_default(),
        });
    }
    checked
}

/// Writes `tags`.
pub(crate) fn write(object: &mut write::Object<'_>, tags: &[Tag]) {
    object.objects("tags", tags, |object, tag| {
        object.text("key", &tag.key);
        object.text("value", &tag.value);
    });
}
