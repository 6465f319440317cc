"""The training itself, by trl's SFTTrainer (https://huggingface.co/docs/trl/sft_trainer)."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from multiplt.errors import MultipltError
from multiplt.models.engine.loading import explain
from multiplt.rows.atomic import cannot_write
from multiplt.run.progress import Progress
from multiplt.train import checkpoints
from multiplt.train.preflight import Plan
from multiplt.train.recipe import LoraSection, Recipe

LOG = "log.jsonl"

Tell = Callable[[str], None]


def train(plan: Plan, is_first: bool, tell: Tell) -> list[Path]:
    """Train as planned, going on from the last whole checkpoint, and return the checkpoints in order.

    In each of several processes; the one that `is_first` writes and tells.

    Raises `MultipltError` where the model cannot be loaded, or memory or disk do not hold what comes of it.
    """
    start = checkpoints.last(plan.recipe)
    done = max(checkpoints.found(plan.recipe), default=0)
    if done < plan.recipe.train.epochs:
        progress = Progress("train", plan.report.steps, found=done * plan.report.steps_per_epoch, unit="steps")
        with progress if is_first else nullcontext(), _in_one_sentence(plan):
            trainer = _trainer(plan, is_first, tell, progress)
            trainer.train(resume_from_checkpoint=str(start) if start else None)
        if is_first:
            checkpoints.clear_aside(plan.recipe)
    return list(checkpoints.found(plan.recipe).values())


def lora_config(lora: LoraSection) -> Any:
    """The same in peft's terms."""
    from peft import LoraConfig

    return LoraConfig(
        task_type="CAUSAL_LM", r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout,
        target_modules=list(lora.targets) or "all-linear",
    )  # fmt: skip


@contextmanager
def _in_one_sentence(plan: Plan) -> Iterator[None]:
    """What users can mend, said; the libraries raise a kind each."""
    try:
        yield
    except Exception as error:
        said = str(error).lower()
        if type(error).__name__ == "OutOfMemoryError" or "out of memory" in said:
            raise MultipltError(
                f"the GPU's memory does not hold the training of {plan.recipe.model.name}; lower "
                "train.per_device_batch, which changes no result, or train adapters with a section [lora]"
            ) from error
        if "no space left" in said or "os error 28" in said:
            raise cannot_write(plan.recipe.train.output, OSError(errno.ENOSPC, "")) from error
        raise


def _trainer(plan: Plan, is_first: bool, tell: Tell, progress: Progress) -> Any:
    import datasets
    from transformers import PrinterCallback
    from transformers.utils import logging
    from trl import SFTTrainer

    datasets.disable_progress_bars()
    logging.disable_progress_bar()
    recipe = plan.recipe
    arguments = _arguments(plan)  # first: with DeepSpeed's stage 3 they decide how a model is loaded
    arguments._n_gpu = min(arguments.n_gpu, 1)  # else one process would take all GPUs that it sees, and their batches
    if arguments.world_size != plan.processes:
        raise MultipltError(
            f"the launcher started {arguments.world_size} processes where hardware.gpus is {plan.processes}; start "
            "one for each GPU"
        )
    trainer = SFTTrainer(
        model=_model(plan),
        args=arguments,
        train_dataset=plan.dataset,
        processing_class=plan.tokenizer,
        peft_config=lora_config(recipe.lora) if recipe.lora else None,
        callbacks=[_follower(recipe, is_first, tell, progress)],
    )
    trainer.remove_callback(PrinterCallback)  # standard output is for results
    return trainer


def _arguments(plan: Plan) -> Any:
    import torch
    from trl import SFTConfig

    recipe, settings = plan.recipe, plan.recipe.train
    return SFTConfig(
        output_dir=str(settings.output / checkpoints.ASIDE),
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=settings.warmup_steps,
        per_device_train_batch_size=settings.per_device_batch,
        gradient_accumulation_steps=plan.report.accumulation,
        gradient_checkpointing=settings.gradient_checkpointing,
        bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False),
        max_length=recipe.data.context_length,
        packing=plan.report.is_packed,
        packing_strategy="bfd",
        save_strategy="epoch",
        logging_steps=1,
        disable_tqdm=True,
        report_to=[],
        use_cpu=not torch.accelerator.is_available(),
        dataloader_pin_memory=torch.accelerator.is_available(),
        seed=settings.seed,
        data_seed=settings.seed,
    )


def _model(plan: Plan) -> Any:
    """The model with its weights: in 32 bits where they are trained, small steps would be lost in fewer."""
    import torch
    from transformers import AutoModelForCausalLM

    model = plan.recipe.model
    low = plan.recipe.lora is not None and torch.cuda.is_available()
    try:
        loaded = AutoModelForCausalLM.from_pretrained(
            model.name, revision=model.revision, attn_implementation=model.attention,
            dtype=torch.bfloat16 if low else torch.float32,
        )  # fmt: skip
    except Exception as error:  # the libraries raise many kinds
        raise MultipltError(explain(error, model.name, {"revision": model.revision})) from error
    return loaded


def _follower(recipe: Recipe, is_first: bool, tell: Tell, progress: Progress) -> Any:
    """What happens beside the training: progress, the log, and the names of checkpoints."""
    from accelerate import PartialState
    from transformers import TrainerCallback

    class Follower(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            if is_first:  # what was logged after the checkpoint is trained, and logged, again
                kept = [json.dumps(entry) + "\n" for entry in state.log_history if "loss" in entry]
                (recipe.train.output / LOG).write_text("".join(kept), encoding="utf-8")

        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            if is_first:
                progress.advance(state.global_step - progress.done)

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **others: Any) -> None:
            if is_first and "loss" in logs:
                with (recipe.train.output / LOG).open("a", encoding="utf-8") as log:
                    log.write(json.dumps(state.log_history[-1]) + "\n")

        def on_save(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            epoch = round(state.epoch)
            PartialState().wait_for_everyone()
            if is_first:
                written = Path(args.output_dir) / f"checkpoint-{state.global_step}"
                path = checkpoints.publish(recipe, written, epoch)
                losses = [
                    entry["loss"] for entry in state.log_history if "loss" in entry and entry["epoch"] > epoch - 1
                ]
                tell(f"epoch {epoch} of {recipe.train.epochs}: loss {sum(losses) / len(losses):.3f}, {path}")
            PartialState().wait_for_everyone()

    return Follower()
