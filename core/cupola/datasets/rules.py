"""Every rule of the checks, with its severity and its remedy, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .findings import Rule, Severity

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

_RULES = (
    # The file.
    Rule("file.empty", _E, "The file has no rows", "Write one JSON object a line."),
    Rule("file.encoding", _E, "The file is not UTF-8", "Save it as UTF-8."),
    Rule("file.not_text", _E, "The file is compressed or binary, not text", "Unpack or convert it to JSON Lines."),
    Rule("file.document", _E, "The file is one JSON document, not JSON Lines", "Convert it: one object a line."),
    Rule("file.table", _E, "The file is a table, not JSON Lines", "Convert it: `cupola dataset convert`."),
    Rule("file.too_large", _E, "The file is larger than the service takes, 512 MB", "Split or sample it."),
    Rule("file.too_few_rows", _E, "Fewer rows than the service trains on, 10", "Add rows."),
    Rule("file.unknown_format", _E, "The rows are of no known format", "See the formats in the help."),
    Rule("file.not_for_training", _E, "These rows cannot train a model as they are", "Convert them to chat rows."),
    Rule("file.name", _W, "The name does not end in .jsonl, which the service asks for", "Rename the file."),
    Rule("file.bom", _N, "The file begins with a byte order mark", "Fine for training; batches want none.", "bom"),
    Rule("file.crlf", _N, "Lines end in CR LF", "Accepted; LF is the custom.", "crlf"),
    Rule("file.blank_lines", _W, "Blank lines", "Remove them.", "blank_lines"),
    Rule("file.no_final_newline", _N, "The last line has no newline", "Add one.", "final_newline"),
    Rule("file.parts", _N, "Above 100 MB the file has to be uploaded in parts", "Cupola's upload does so."),
    Rule("file.too_many_images", _E, "More than 50,000 rows hold images", "Sample the file."),
    # A line.
    Rule("line.too_long", _E, "A line of more than 64 MiB", "Shorten it; no model reads that much."),
    Rule("json.invalid", _E, "Not valid JSON", "Mend the line at the column named."),
    Rule("json.encoding", _E, "Not valid UTF-8", "Save the text as UTF-8."),
    Rule("json.control_character", _E, "A raw control character in a string", "Escape it, such as \\n or \\u0000."),
    Rule("json.surrogate", _E, "Half of a surrogate pair in a string", "Write the whole character."),
    Rule("json.duplicate_key", _E, "The same key twice in one object", "Keep one of the two."),
    Rule("json.number", _E, "NaN, Infinity or a number too large", "Write it as text or leave it out."),
    Rule("json.too_deep", _E, "Nested too deeply", "Flatten it."),
    Rule("json.not_object", _E, "Not a JSON object", "Write one object a line, in braces."),
    Rule("row.other_format", _E, "A row of another format than the rest", "Keep one format a file."),
    # Messages.
    Rule("messages.missing", _E, "No list of messages", 'Add "messages": [...].'),
    Rule("messages.empty", _E, "The list of messages is empty", "Add messages, or remove the row."),
    Rule("messages.no_user", _E, "No message from the user", "Add what the user says."),
    Rule("messages.no_assistant", _E, "No message from the assistant", "Add the answer to be learnt."),
    Rule("messages.last_not_assistant", _E, "The last message is not the assistant's", "End with the answer."),
    Rule("messages.nothing_to_learn", _W, "Every assistant message has weight 0", "Set a weight to 1."),
    Rule("message.not_object", _E, "A message is not an object", 'Write {"role": ..., "content": ...}.'),
    Rule("message.unknown_key", _W, "A key that the service does not know", "Remove it, or mind its spelling."),
    Rule("row.unknown_key", _W, "A key that the service does not know in this format", "Remove it."),
    Rule("role.missing", _E, "A message without a role", "Add the role."),
    Rule(
        "role.unknown",
        _E,
        "A role that the service does not know",
        "Use system, developer, user, assistant or tool.",
        "role_names",
    ),
    Rule("role.function", _N, "The role function is deprecated", "Use tool with a tool_call_id."),
    Rule("content.missing", _E, "A message without content", "Add the content."),
    Rule("content.type", _E, "Content of the wrong kind", "Write text; parts are for the user's messages."),
    Rule("content.part", _E, "A content part that the service does not know", "Use text or image_url parts."),
    Rule("content.empty", _W, "Empty content", "Add the text, or remove the row."),
    Rule("name.type", _E, "A name that is not text", "Write the name as text."),
    Rule("weight.value", _E, "A weight other than 0 or 1", "Use 0 to mask an answer, 1 to learn it."),
    Rule("weight.role", _E, "A weight on a message that is not the assistant's", "Remove it."),
    # Tools.
    Rule("tools.type", _E, "Tools that are not a list of function definitions", "See the service's tool format."),
    Rule("tools.too_many", _E, "More than 128 tools", "Offer fewer."),
    Rule("tools.parallel", _E, "parallel_tool_calls is not true or false", "Write true or false."),
    Rule("tools.deprecated", _N, "functions and function_call are deprecated", "Use tools and tool_calls."),
    Rule("tool_calls.type", _E, "tool_calls is not a list of calls", "Give each an id, a type and a function."),
    Rule("tool_calls.role", _E, "tool_calls on a message that is not the assistant's", "Remove them."),
    Rule("tool_call.id", _E, "A tool call without an id, or with one used twice", "Give each its own id."),
    Rule("tool_call.arguments", _E, "Tool arguments that are not text", "Write them as JSON text in a string."),
    Rule("tool_call.arguments_json", _W, "Tool arguments that are not JSON", "Write an object as JSON text."),
    Rule("tool_call.undeclared", _E, "A call of a tool that the row does not declare", "Add it to tools."),
    Rule("tool_call.unanswered", _W, "A tool call that no tool message answers", "Add the tool's answer."),
    Rule("tool.no_id", _E, "A tool message without tool_call_id", "Name the call that it answers."),
    Rule("tool.no_call", _E, "A tool message that answers no call before it", "Put it after its call."),
    # Images.
    Rule("image.role", _E, "An image outside the user's messages", "Images are the user's alone."),
    Rule("image.too_many", _E, "More than 64 images in a row", "Use fewer."),
    Rule("image.many", _W, "More than 10 images in a row, a limit that one page of the docs names", "Use fewer."),
    Rule("image.url", _E, "An image that is neither an https URL nor a data URL", "Host it, or embed it as base64."),
    Rule("image.data", _E, "Image data that cannot be decoded", "Embed the file as base64."),
    Rule("image.type", _E, "An image that is not JPEG, PNG or WEBP", "Convert it."),
    Rule("image.mismatch", _W, "An image whose data is of another type than it says", "Name the type it has."),
    Rule("image.size", _E, "An image of more than 10 MB", "Scale it down."),
    Rule("image.colour", _E, "An image that is not RGB or RGBA", "Convert its colours."),
    Rule("image.detail", _E, "An image detail other than low, high or auto", "Use one of the three."),
    Rule("image.people", _N, "Rows with people, faces or CAPTCHAs are skipped in silence", "Compare trained tokens."),
    Rule("image.model", _E, "The model does not learn from images", "Choose gpt-4o or gpt-4.1."),
    # Preferences.
    Rule("input.missing", _E, "No input with messages", 'Add "input": {"messages": [...]}.'),
    Rule("input.last_assistant", _W, "The input ends with an assistant message", "End with what is to be answered."),
    Rule("output.missing", _E, "An output is missing", "Give preferred_output and non_preferred_output."),
    Rule("output.empty", _E, "An output is empty", "Give at least one assistant message."),
    Rule("output.role", _E, "An output with a role other than assistant or tool", "Move it into the input."),
    Rule("output.no_assistant", _E, "An output without an assistant message", "Add the answer."),
    Rule("pair.identical", _W, "Both outputs are the same", "There is nothing to prefer: remove the row."),
    Rule("pair.near", _W, "Both outputs are nearly the same", "Check that the difference is the one meant."),
    Rule("pair.contradiction", _W, "The same pair preferred both ways round", "Decide which one is better."),
    Rule(
        "pair.length_bias", _W, "Length alone tells the preferred output", "Balance the lengths: DPO learns it first."
    ),
    # Reinforcement.
    Rule("rft.last_not_user", _E, "The last message is not the user's", "End with the task."),
    Rule("rft.last_developer", _W, "The last message is the developer's, which only some versions take", "Use user."),
    Rule("rft.no_reference", _W, "No field beside the messages for a grader to read", "Add the reference answer."),
    Rule("rft.empty_reference", _W, "A field for the grader that is empty", "Fill it, or remove the row."),
    Rule("rft.newline", _W, "A line break in a field for the grader", "Escape or remove it."),
    Rule("rft.phrase", _W, "A phrase that may trip the service's content filter", "Reword the prompt."),
    Rule("rft.template", _E, "The grader cannot read this row", "Add the field, or mend the grader's template."),
    Rule("rft.same_answer", _W, "A field for the grader is the same on every row", "Check that it is the reference."),
    Rule("fields.differ", _W, "Rows with other fields than most", "Give every row the same keys."),
    # Evaluation and question-answer rows.
    Rule("item.type", _E, "item is not an object", 'Write {"item": {...}}.'),
    Rule("item.mixed", _W, "Some rows are wrapped in item and some are not", "Write all of them one way."),
    Rule("answer.missing", _E, "A question without an answer, or the reverse", "Fill it in."),
    # What a careful person looks for.
    Rule("duplicate.row", _W, "Rows that repeat an earlier one", "Keep one of each.", "duplicates"),
    Rule("duplicate.prompt", _W, "Prompts that repeat an earlier one with another answer", "Decide on one answer."),
    Rule("twin.row", _W, "Rows nearly the same as another", "Keep one, and keep twins on one side of a split."),
    Rule(
        "twin.many", _N, "So many rows are alike that not all pairs were compared", "Remove those named; check again."
    ),
    Rule("leak.many", _N, "So many rows are alike that not all leaks are named", "Remove those named; check again."),
    Rule("leak.row", _E, "Rows that are in another split too", "Remove them from one side."),
    Rule("leak.prompt", _W, "Prompts that are in another split too", "Remove them from one side."),
    Rule("leak.twin", _W, "Rows nearly the same as one in another split", "Split again with twins kept together."),
    Rule("system.drift", _W, "System prompts that differ from the usual one", "Use the same one everywhere."),
    Rule("system.missing", _W, "Rows without the system prompt that the others have", "Add it."),
    Rule("label.imbalance", _W, "Some answers are far more frequent than others", "Balance them, or mean it."),
    Rule("length.outliers", _W, "A few rows are far longer than the rest", "They dominate the cost: look at them."),
    Rule("answer.cut_off", _W, "Answers that seem cut off", "Make them whole: the model learns to stop there."),
    Rule("context.exceeded", _W, "Rows longer than the training context; the rest is cut off", "Shorten them."),
    Rule("tokens.too_many", _E, "More than 2 billion tokens over all epochs", "Fewer rows or epochs."),
    Rule("secret.key", _W, "What looks like a key, token or password", "Remove it, and revoke it if it is real."),
    Rule("personal.card", _W, "What looks like a payment card number", "Mask it."),
    Rule("personal.iban", _W, "What looks like a bank account number", "Mask it."),
    Rule("personal.ssn", _W, "What looks like a social security number", "Mask it."),
    Rule("personal.email", _N, "E-mail addresses", "Mask those of real people."),
    Rule("personal.phone", _N, "What looks like telephone numbers", "Mask those of real people."),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in _RULES})
"""Every rule by its id."""
