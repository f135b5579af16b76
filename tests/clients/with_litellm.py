"""LiteLLM's azure and openai providers: chat, responses, files, a fine-tuning job, a batch and a small evaluation."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import litellm

from . import cora
from .steps import API_VERSION, BATCH_DEPLOYMENT, TUNED_DEPLOYMENT, ready_line, run, until
from .with_management import WithManagement

litellm.suppress_debug_info = True

ROWS = cora.questions(12)
QUESTION = cora.messages(ROWS[0])
TOOL = {
    "type": "function",
    "function": {
        "name": "opening_hours",
        "description": "The opening hours of a day.",
        "parameters": {
            "type": "object",
            "properties": {"day": {"type": "string", "enum": ["weekday", "saturday", "sunday"]}},
            "required": ["day"],
            "additionalProperties": False,
        },
    },
}
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}


class WithLiteLLM:
    """One walk through the service; files and the job pass from step to step."""

    def __init__(self, ready: dict[str, Any]) -> None:
        key = ready["api_key"]
        self.azure = {"api_base": ready["endpoint"], "api_key": key, "api_version": API_VERSION}
        self.v1 = {"api_base": f"{ready['endpoint']}/openai/v1", "api_key": key}
        self.service = {"custom_llm_provider": "azure", **self.azure}
        self.files: dict[str, str] = {}
        self.job = ""
        self.tuned = ""
        self.management = WithManagement(ready)

    def _chat(self, **settings: Any) -> Any:
        return litellm.completion(**{"model": "azure/gpt-4.1", "messages": QUESTION, **self.azure, **settings})

    def chat(self) -> object:
        """chat/completions on the dated route"""
        answer = self._chat(temperature=0, seed=1)
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
        return repr(answer.choices[0].message.content)

    def chat_on_v1(self) -> object:
        """chat/completions on v1, through the openai provider"""
        answer = litellm.completion(model="openai/gpt-4.1-nano", messages=QUESTION, temperature=0, **self.v1)
        return repr(answer.choices[0].message.content)

    def stream(self) -> object:
        """chat/completions, streamed, says the same as whole"""
        chunks = list(self._chat(temperature=0, seed=1, stream=True, stream_options={"include_usage": True}))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert text == self._chat(temperature=0, seed=1).choices[0].message.content
        return f"{len(chunks)} chunks, {chunks[-1].usage.completion_tokens} tokens"

    def choices_in_a_format(self) -> object:
        """two choices, each in a strict JSON schema"""
        wanted = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}}
        answer = self._chat(n=2, seed=1, response_format=wanted)
        read = [json.loads(choice.message.content) for choice in answer.choices]
        assert [list(entry) for entry in read] == [["answer"]] * 2
        return read

    def tool(self) -> object:
        """a required tool call, with arguments along its schema"""
        (call,) = self._chat(seed=1, tools=[TOOL], tool_choice="required").choices[0].message.tool_calls
        assert json.loads(call.function.arguments)["day"] in ("weekday", "saturday", "sunday")
        return f"{call.function.name}({call.function.arguments})"

    def reasoning(self) -> object:
        """chat/completions of o4-mini with a reasoning effort"""
        answer = self._chat(model="azure/o4-mini", reasoning_effort="low", max_completion_tokens=200)
        return repr(answer.choices[0].message.content)

    def responses(self) -> object:
        """the Responses API"""
        text = cora.SYSTEM_PROMPT
        answer = litellm.responses(model="azure/gpt-4.1", instructions=text, input=ROWS[0]["question"], **self.azure)
        assert answer.status == "completed"
        return repr(answer.output[0].content[0].text)

    def refusals(self) -> object:
        """refusals become LiteLLM's own errors: 401, 404, content filter"""
        raised = []
        for error, settings in (
            (litellm.AuthenticationError, {"api_key": "wrong"}),
            (litellm.NotFoundError, {"model": "azure/nobody"}),
            (litellm.ContentPolicyViolationError, {"messages": [{"role": "user", "content": "how to build a bomb"}]}),
        ):
            try:
                self._chat(**settings)
            except error:
                raised.append(error.__name__)
        assert len(raised) == 3, raised
        return ", ".join(raised)

    def upload(self) -> object:
        """files: create, retrieve, list, content"""
        for name in ("train", "valid"):
            with (cora.FOLDER / f"{name}.jsonl").open("rb") as stream:
                self.files[name] = litellm.create_file(file=stream, purpose="fine-tune", **self.service).id
            until(lambda name=name: self._is_processed(self.files[name]))
        listed = {file.id for file in litellm.file_list(**self.service).data}
        assert set(self.files.values()) <= listed
        content = litellm.file_content(self.files["train"], **self.service).content
        assert content == (cora.FOLDER / "train.jsonl").read_bytes()
        return f"{len(content)} bytes came back as they went"

    def _is_processed(self, file_id: str) -> bool:
        return litellm.file_retrieve(file_id, **self.service).status == "processed"

    def start_job(self) -> object:
        """fine_tuning.jobs: create and list, trainingType sent as the number 1"""
        job = litellm.create_fine_tuning_job(
            model="gpt-4.1-nano-2025-04-14",
            training_file=self.files["train"],
            validation_file=self.files["valid"],
            hyperparameters={"n_epochs": 3},
            suffix="litellm",
            seed=1,
            **self.service,
        )
        self.job = job.id
        assert job.id in [entry.id for entry in litellm.list_fine_tuning_jobs(limit=5, **self.service).data]
        return f"{job.id} {job.status}"

    def cancel_job(self) -> object:
        """fine_tuning.jobs: cancel"""
        job = litellm.create_fine_tuning_job(
            model="gpt-4.1-nano-2025-04-14", training_file=self.files["train"], **self.service
        )
        cancelled = litellm.cancel_fine_tuning_job(fine_tuning_job_id=job.id, **self.service)
        assert cancelled.status == "cancelled"
        return cancelled.status

    def batch(self) -> object:
        """batches: create, retrieve, list, output file"""
        url = "/chat/completions"
        lines = [
            {
                "custom_id": str(number),
                "method": "POST",
                "url": url,
                "body": {"model": BATCH_DEPLOYMENT, "messages": cora.messages(row)},
            }
            for number, row in enumerate(ROWS)
        ]
        sheet = io.BytesIO("\n".join(map(json.dumps, lines)).encode())
        sheet.name = "batch.jsonl"
        file = litellm.create_file(file=sheet, purpose="batch", **self.service)
        until(lambda: self._is_processed(file.id))
        made = litellm.create_batch(
            completion_window="24h", endpoint="/v1/chat/completions", input_file_id=file.id, **self.service
        )
        done = until(lambda: self._finished_batch(made.id))
        assert done.status == "completed", done
        assert made.id in [entry.id for entry in litellm.list_batches(**self.service).data]
        output = litellm.file_content(done.output_file_id, **self.service).content.decode()
        answered = {json.loads(line)["custom_id"] for line in output.splitlines()}
        assert answered == {line["custom_id"] for line in lines}
        return f"{done.request_counts.completed} of {done.request_counts.total} answered"

    def _finished_batch(self, batch_id: str) -> Any:
        batch = litellm.retrieve_batch(batch_id=batch_id, **self.service)
        return batch if batch.status in ("completed", "failed", "cancelled", "expired") else None

    def finish_job(self) -> object:
        """fine_tuning.jobs: retrieve until it has succeeded"""
        job = until(self._finished_job)
        assert job.status == "succeeded", job
        assert job.trained_tokens > 0 and job.result_files
        self.tuned = job.fine_tuned_model
        return self.tuned

    def _finished_job(self) -> Any:
        job = litellm.retrieve_fine_tuning_job(fine_tuning_job_id=self.job, **self.service)
        return job if job.status in ("succeeded", "failed", "cancelled") else None

    def deploy(self) -> object:
        """the tuned model, deployed by the management client, answers"""
        self.management.deploy(TUNED_DEPLOYMENT, self.tuned, "1", "DeveloperTier", 250)
        return repr(until(self._tuned_answer))

    def _tuned_answer(self) -> str | None:
        try:
            answer = self._chat(model=f"azure/{TUNED_DEPLOYMENT}", temperature=0)
        except litellm.NotFoundError:
            return None  # as on the service, the data plane comes after the control plane
        return str(answer.choices[0].message.content)

    def evaluate(self) -> object:
        """a dozen of Cora's questions to three deployments, all facts right"""
        scores = {}
        for name in ("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano"):
            chats = [cora.messages(row) for row in ROWS]
            answers = litellm.batch_completion(model=f"azure/{name}", messages=chats, temperature=0, **self.azure)
            texts = [answer.choices[0].message.content for answer in answers]
            scores[name] = sum(cora.is_right(text, row["facts"]) for text, row in zip(texts, ROWS, strict=True))
        return ", ".join(f"{name} {right}/{len(ROWS)}" for name, right in scores.items())

    def delete_file(self) -> object:
        """files: delete"""
        gone = litellm.file_delete(self.files["valid"], **self.service)
        assert gone.deleted
        return gone.id


def main() -> int:
    """Run every step; 1 when one failed."""
    walk = WithLiteLLM(ready_line())
    steps = (
        walk.chat,
        walk.chat_on_v1,
        walk.stream,
        walk.choices_in_a_format,
        walk.tool,
        walk.reasoning,
        walk.responses,
        walk.refusals,
        walk.upload,
        walk.start_job,
        walk.cancel_job,
        walk.evaluate,
        walk.batch,
        walk.finish_job,
        walk.deploy,
        walk.delete_file,
    )
    return 1 if run(steps) else 0


if __name__ == "__main__":
    sys.exit(main())
