"""A chat bot on the reference core: ``python docs/examples/chat_bot.py``, then type a line."""

import asyncio
import sys

from llm_sim import frames, service


class ToyModel(service.LLMService):
    """Asks the tool about the last word of a question, and says what the tool said."""

    async def process_frame(self, frame, direction):
        """Run on a context, push everything else on."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, frames.LLMContextFrame):
            return await self.push_frame(frame, direction)
        await self.push_frame(frames.LLMFullResponseStartFrame())
        last = frame.context.messages[-1]
        if last["role"] == "tool":
            await self.push_frame(frames.LLMTextFrame(f"It is {last['content']}."))
        else:
            city, call_id = last["content"].split()[-1], f"call-{len(frame.context.messages)}"
            ask = frames.FunctionCallFromLLM("weather", call_id, {"city": city}, frame.context)
            await self.run_function_calls([ask])
        return await self.push_frame(frames.LLMFullResponseEndFrame())


class Screen(service.FrameProcessor):
    """Prints what the bot says."""

    async def process_frame(self, frame, direction):
        """Print text, push everything on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, frames.LLMTextFrame):
            sys.stdout.write(f"bot> {frame.text}\n")
            self.answered.set()
        await self.push_frame(frame, direction)


async def weather(params):
    """Answer after a moment, as a tool does."""
    await asyncio.sleep(0.01)
    known = {"Berlin": "sunny", "London": "raining"}
    await params.result_callback(known.get(params.arguments["city"], "anyone's guess"))


async def main():
    """Read a line and wait for the answer, until the input ends."""
    llm, screen = ToyModel(), Screen()
    llm.register_function("weather", weather)
    pair = llm.create_context_aggregator(service.OpenAILLMContext())
    task = service.PipelineTask(service.Pipeline([pair.user(), llm, screen, pair.assistant()]))
    running = asyncio.create_task(service.PipelineRunner().run(task))
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        screen.answered = asyncio.Event()
        await task.queue_frame(frames.TranscriptionFrame(line))
        await screen.answered.wait()
    await task.stop_when_done()
    await running


if __name__ == "__main__":
    asyncio.run(main())
