//! What V8, browsers and Node.js write into the names of nodes beside the class: attributes of elements, the scope of
//! a context, the page of a realm.

/// How V8 calls where a closure's variables are; since V8 15 with the id of their scope, which is left out of the class.
pub(super) const CONTEXT: &str = "system / Context";

/// The tag of an element and its attributes: `<li class="row">`.
fn element(name: &str) -> Option<(&str, &str)> {
    let inside = name.strip_prefix('<')?.strip_suffix('>')?;
    Some(inside.split_once(' ').unwrap_or((inside, "")))
}

/// Attributes of an element; empty for all else.
pub(super) fn attributes(name: &str) -> &str {
    element(name).map_or("", |(_, attributes)| attributes)
}

/// The class of an object that is called so, where that is not its name: as `DevTools` has it, elements by their tags
/// and what is detached apart.
pub(super) fn class_of(name: &str, is_detached: bool) -> Option<String> {
    let class = match element(name) {
        Some((tag, _)) => format!("<{tag}>"),
        None if name != CONTEXT && is_context(name) => CONTEXT.to_owned(),
        None if is_detached => name.to_owned(),
        None => return None,
    };
    Some(if is_detached {
        format!("Detached {class}")
    } else {
        class
    })
}

/// Whether the variables of closures are there.
pub(super) fn is_context(name: &str) -> bool {
    let rest = name.strip_prefix(CONTEXT);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" / "))
}

/// Whether it is what belongs to one set of globals; in a browser it is named after the page.
pub(super) fn is_realm(name: &str) -> bool {
    let rest = name.strip_prefix("system / NativeContext");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" / "))
}

/// The file of a script, which is all that it was called until V8 14.
pub(super) fn file_of(script: &str) -> &str {
    let file = script.strip_prefix("system / Script").unwrap_or(script);
    file.strip_prefix(" / ").unwrap_or(file)
}

/// Whether something native is there for V8. Until V8 14 such things were of a kind of their own.
pub(super) fn is_v8s(name: &str) -> bool {
    name.starts_with("system / ") && name != "system / JSArrayBufferData"
}

/// Whether it is Node.js's own; what it calls detached are objects that nothing but weak handles refers to.
pub(super) fn is_of_node(name: &str) -> bool {
    name.starts_with("Node / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_of_the_class_of_their_tag() {
        for (name, class, said) in [
            ("<li>", "<li>", ""),
            (
                "<li class=\"a > b\" id=\"x\">",
                "<li>",
                "class=\"a > b\" id=\"x\"",
            ),
        ] {
            assert_eq!(class_of(name, false).as_deref(), Some(class));
            let detached = class_of(name, true);
            assert_eq!(detached, Some(format!("Detached {class}")));
            assert_eq!(attributes(name), said);
        }
        for other in ["Text", "<", "<li", "li>", ""] {
            assert_eq!((class_of(other, false), attributes(other)), (None, ""));
        }
        assert_eq!(class_of("Text", true).as_deref(), Some("Detached Text"));
    }

    #[test]
    fn a_script_is_called_by_its_file() {
        for name in ["/app/server.js", "system / Script / /app/server.js"] {
            assert_eq!(file_of(name), "/app/server.js");
        }
        assert_eq!(file_of("system / Script"), "");
    }

    #[test]
    fn contexts_are_of_one_class_whatever_their_scope() {
        let context = class_of("system / Context / scope @7", false);
        assert_eq!(context.as_deref(), Some(CONTEXT));
        for other in [CONTEXT, "system / ContextCell", "Context"] {
            assert_eq!(class_of(other, false), None);
        }
        assert!(is_context(CONTEXT) && !is_context("system / ContextCell"));
    }
}
