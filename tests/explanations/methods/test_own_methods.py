"""Methods of other people: from a file with a function to a built set, and what goes wrong on the way."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import Saliency

import explanations
from explanations import manifest
from explanations.__main__ import main
from explanations.attribution.local import Sample
from explanations.building import build as building
from explanations.building import tasks
from explanations.building.build import Plan
from explanations.methods import import_paths, names
from explanations.methods.local_methods import find_local
from explanations.methods.names import choose_methods
from explanations.metrics.context import Source
from explanations.metrics.evaluation import Plan as Measures
from explanations.metrics.evaluation import evaluate
from explanations.running.code_version import code_version
from explanations.running.scheduling import Scheduling, perform_remotely

EXPLAIN = """
def explain(model, inputs, targets):
    inputs = inputs.requires_grad_()
    model(inputs).gather(1, targets[:, None]).sum().backward()
    return inputs.grad.abs()
"""
SCALED = """
import torch

def explain(model, inputs, targets, scale=2.0, noise=False):
    weights = scale * inputs
    return weights + torch.rand_like(inputs) if noise else weights
"""

SCRIPT = """
if __name__ == "__main__":
    import sys
    from pathlib import Path
    from explanations.building.build import Plan, Scheduling, build
    from explanations.models.spec import ModelSpec

    factory, weights, data, out = sys.argv[1:]
    few = {"script": {"images": 2}}
    plan = Plan(methods=(explain,), parameters=few, model=ModelSpec(factory, Path(weights)), data=Path(data))
    build(Path(out), plan, scheduling=Scheduling(workers=2))
"""


def scaled(model, inputs, targets, scale=2.0):
    """Weights that are the image, scaled."""
    return (scale * inputs).numpy()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def sample() -> Sample:
    """Two 8 x 8 images in colour of class 1."""
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    return Sample(0, "1", 1, 1, (4, 7), images, ("0", "1", "2"))


def attribute(name: Any, model: Any, sample: Sample, **changes: Any) -> np.ndarray:
    """The weights (n, pixels) of a sample by a method."""
    [method] = choose_methods([name])
    parameters = {**method.local.defaults, "images": len(sample.numbers), **changes}
    return method.local.attribute(model, sample, parameters, lambda count: None)


@pytest.fixture
def model() -> torch.nn.Module:
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 3)).eval().requires_grad_(False)


def test_from_a_function_in_a_file_to_a_built_set_in_five_lines(folder: Path, squares: Path, network) -> None:
    Path("mymethod.py").write_text(EXPLAIN)  # the file of a researcher: five lines
    words = ["build", "--out", "set", "--methods", "gradient", "./mymethod.py:explain=My method"]
    words += ["--model", network.factory, "--weights", str(network.weights), "--data", str(squares)]
    assert main([*words, "--images", "2"]) == 0
    [own] = [method for method in manifest.read(folder / "set").methods if method.title == "My method"]
    assert own.slug == "mymethod"
    assert own.forward_passes is None
    assert own.parameters["import_path"] == "./mymethod.py:explain"
    assert len(own.parameters["code"]) == 64
    maps = manifest.read_maps(folder / "set")
    assert np.allclose(maps["mymethod/0/1"], abs(maps["gradient/0/1"]), atol=1e-6)


@pytest.mark.parametrize(("block", "parameters"), [(1, {}), (3, {"window": 4, "stride": 4})])
def test_the_examples_in_the_documentation_explain(
    folder: Path, model, sample: Sample, block: int, parameters: dict[str, int]
) -> None:
    text = (Path(__file__).parents[3] / "docs" / "own-methods.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    Path("mymethod.py").write_text(blocks[block])
    assert attribute("./mymethod.py:explain", model, sample, **parameters).any()


def test_parameters_come_from_the_keyword_defaults(folder: Path, model, sample: Sample) -> None:
    Path("mymethod.py").write_text(SCALED)
    [method] = choose_methods(["./mymethod.py:explain"])
    assert method.local.defaults == {"images": 10, "scale": 2.0, "noise": False}
    once, twice = (attribute("./mymethod.py:explain", model, sample, scale=scale) for scale in (1.0, 2.0))
    assert np.allclose(twice, 2 * once)


def test_parameters_are_set_by_the_name_of_the_method(folder: Path, plan: Plan) -> None:
    Path("mymethod.py").write_text(SCALED)
    own = {"mymethod": {"images": 2, "scale": 3.0}}
    built = building.build(folder / "set", replace(plan, methods=("./mymethod.py:explain",), parameters=own))
    assert built.methods[0].parameters["scale"] == 3.0


def test_channels_are_summed(model, sample: Sample) -> None:
    expected = 2 * sample.images.sum(dim=1).flatten(1).numpy()
    assert np.allclose(attribute(scaled, model, sample), expected)


def test_random_numbers_are_those_of_the_image(folder: Path, model, sample: Sample) -> None:
    Path("mymethod.py").write_text(SCALED)
    both = attribute("./mymethod.py:explain", model, sample, noise=True)
    second = replace(sample, numbers=sample.numbers[1:], images=sample.images[1:])
    assert np.array_equal(attribute("./mymethod.py:explain", model, second, noise=True)[0], both[1])
    assert not np.array_equal(both[0] - both[1], 2 * (sample.images[0] - sample.images[1]).sum(0).flatten())


def test_the_programs_own_random_numbers_are_not_touched(model, sample: Sample) -> None:
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    attribute(scaled, model, sample)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]


@pytest.mark.parametrize(
    ("name", "slug", "title"),
    [
        ("./mymethod.py:explain", "mymethod", "Mymethod"),
        ("./mymethod.py:explain+normlime", "mymethod-normlime", "Mymethod, NormLIME"),
        ("./mymethod.py:explain@9", "mymethod-for-9", "Mymethod, why not 9"),
        ("./mymethod.py:explain+normlime@9=Own = best", "mymethod-normlime-for-9", "Own = best"),
        ("captum.attr:Saliency", "captum-saliency", "Captum saliency"),
        ("captum.attr:IntegratedGradients", "captum-integrated-gradients", "Captum integrated gradients"),
        ("vargrad:normlime", "vargrad-normlime", "VarGrad, NormLIME"),
        ("lime=Our LIME", "lime", "Our LIME"),
    ],
)
def test_a_name_says_function_aggregation_class_and_title(
    folder: Path, name: str, slug: str, title: str
) -> None:
    Path("mymethod.py").write_text(EXPLAIN)
    [method] = choose_methods([name])
    assert (method.slug, method.title) == (slug, title)


def test_a_built_in_method_before_the_colon_means_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(folder)
    Path("vargrad.py").write_text(EXPLAIN)
    assert choose_methods(["vargrad:normlime"])[0].local.slug == "vargrad"
    assert choose_methods(["./vargrad.py:explain"])[0].slug == "vargrad-own"


def test_a_function_of_a_package_is_a_method(folder: Path, model, sample: Sample, monkeypatch) -> None:
    monkeypatch.syspath_prepend(folder)
    (folder / "owner").mkdir()
    (folder / "owner" / "__init__.py").write_text("")
    (folder / "owner" / "saliency.py").write_text(SCALED.replace("explain", "ownSaliency"))
    assert choose_methods(["owner.saliency:ownSaliency"])[0].slug == "saliency-own-saliency"
    assert attribute("owner.saliency:ownSaliency", model, sample).shape == (2, 64)


@pytest.mark.parametrize("name", ["captum.attr:Saliency", Saliency])
def test_a_class_of_captum_is_a_method(name: Any, model, sample: Sample) -> None:
    expected = model[1].weight[1].abs().reshape(3, 64).sum(0)
    assert np.allclose(attribute(name, model, sample), np.tile(expected, (2, 1)), atol=1e-6)


def test_an_installed_package_offers_methods_by_name(folder: Path, monkeypatch) -> None:
    Path("mymethod.py").write_text(EXPLAIN)
    point = EntryPoint("package-saliency", "./mymethod.py:explain", "beholder.methods")
    monkeypatch.setattr(names, "entry_points", lambda group: [point])
    assert choose_methods(["package-saliency"]) == choose_methods(["./mymethod.py:explain"])


def test_a_function_explains_images_from_python(model, sample: Sample) -> None:
    maps = explanations.explain(model, sample.images, [1, 1], scaled, scale=3.0)
    assert np.allclose(maps, 3 * sample.images.sum(dim=1))


def test_the_same_methods_are_one(folder: Path) -> None:
    Path("mymethod.py").write_text(EXPLAIN)
    assert len(choose_methods(["./mymethod.py:explain", "mymethod.py:explain", "lime", "lime"])) == 2


@pytest.mark.parametrize(
    ("chosen_names", "expected"),
    [
        (["./a/m.py:explain", "./b/m.py:explain"],
         "two methods are called 'm' (./a/m.py:explain, ./b/m.py:explain); rename a function or a file"),
        (["./a/m.py:explain=LIME", "lime"],
         "m and lime have the same title 'LIME'; give one another with =TITLE"),
        (["lime="], "lime=: there is no title behind the equals sign"),
        (["./a/m.py:explain+best"], "there is no aggregation 'best'; allowed: mean, mean-absolute, sp-lime, "
         "sp-lime-pick, normlime, normlime-global"),
        (["./a/m.py:other"], "./a/m.py:other: there is no 'other' in {folder}/a/m.py; it has explain"),
        (["./none.py:explain"], "./none.py:explain: cannot find the file {folder}/none.py"),
        (["no.such:explain"], "no.such:explain: No module named 'no'; install it, or run from the folder "
         "that has it; a file is ./file.py:name"),
        (["./broken.py:explain"], "./broken.py:explain: broken.py fails with ZeroDivisionError: division by "
         "zero"),
        (["./two.py:explain"], "./two.py:explain: takes (model, inputs); expected explain(model, inputs, "
         "targets, **parameters), where all parameters have defaults"),
        (["captum.attr:NoiseTunnel"], "captum.attr:NoiseTunnel: needs attribution_method; wrap it in "
         "explain(model, inputs, targets, **parameters)"),
        (["captum.attr:Occlusion"], "captum.attr:Occlusion: needs sliding_window_shapes; wrap it in "
         "explain(model, inputs, targets, **parameters)"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_refused_in_one_line(folder: Path, chosen_names: list[str], expected: str) -> None:
    for place in ("a", "b"):
        (folder / place).mkdir()
        (folder / place / "m.py").write_text(EXPLAIN)
    (folder / "broken.py").write_text("1 / 0")
    (folder / "two.py").write_text("def explain(model, inputs): pass")
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        choose_methods(chosen_names)
    assert str(caught.value) == expected.format(folder=folder)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return inputs[0, 0]", "returned shape (8, 8) for inputs of shape (1, 3, 8, 8); expected (1, 8, 8) "
         "or (1, 3, 8, 8), as (N, H, W) or (N, C, H, W)"),
        ("return inputs / 0", "returned values that are not finite (NaN or infinite)"),
        ("return 'map'", "returned a str; expected a tensor or an array of real numbers"),
        ("return None", "returned a NoneType; expected a tensor or an array of real numbers"),
        ("return inputs.numpy().astype('O')",
         "returned an array of object; expected a tensor or an array of real numbers"),
        ("return model(inputs[:, :1])", "failed with RuntimeError: mat1 and mat2 shapes cannot be multiplied "
         "(1x64 and 192x3)"),
        ("model.train(); return inputs", "left the model in training mode; call model.eval() at its end"),
    ],
)  # fmt: skip
def test_what_is_no_map_is_refused_in_a_line_that_names_the_function(
    folder: Path, model, sample: Sample, body: str, expected: str
) -> None:
    Path("mymethod.py").write_text(f"def explain(model, inputs, targets):\n    {body}\n")
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        attribute("./mymethod.py:explain", model, sample)
    assert str(caught.value) == f"./mymethod.py:explain: {expected}"


def test_a_function_that_captures_variables_is_refused() -> None:
    scale = 2

    def inner(model, inputs, targets):
        return scale * inputs

    expected = r"inner uses variables of the function around it \(scale\); make them keyword parameters"
    with pytest.raises(ValueError, match=expected):
        choose_methods([inner])


def test_what_is_not_a_function_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^a method is a function or a class of Captum"):
        choose_methods([3])  # type: ignore[list-item]


def test_other_code_of_the_function_is_another_version(folder: Path) -> None:
    versions = set()
    for number, text in enumerate((SCALED, SCALED.replace("scale * inputs", "scale + inputs"))):
        (folder / str(number)).mkdir()
        (folder / str(number) / "mymethod.py").write_text(text)
        versions.add(
            code_version(import_paths.load(import_paths.normalise(f"./{number}/mymethod.py:explain")))
        )
    assert len(versions) == 2


def test_what_lies_beside_the_file_is_part_of_its_code(folder: Path, monkeypatch) -> None:
    versions = set()
    for number in (0, 1):
        (folder / str(number)).mkdir()
        (folder / str(number) / f"beside{number}.py").write_text(f"SCALE = {number}")
        (folder / str(number) / "m.py").write_text(f"from beside{number} import SCALE as s\n" + EXPLAIN)
        versions.add(code_version(import_paths.load(import_paths.normalise(f"./{number}/m.py:explain"))))
    (folder / "1" / "beside1.py").write_text("SCALE = 5")
    code = code_version.__globals__
    for cached in ("_imported", "_digest", "_source"):
        code[cached].cache_clear()
    versions.add(code_version(import_paths.load(import_paths.normalise("./1/m.py:explain"))))
    assert len(versions) == 3


def test_a_function_of_a_notebook_is_known_by_its_code_and_what_it_uses() -> None:
    versions = set()
    for scale in (1, 2):
        cell: dict[str, Any] = {"__name__": "__main__"}
        exec(f"SCALE = {scale}\ndef explain(model, inputs, targets):\n    return SCALE * inputs", cell)
        versions.add(choose_methods([cell["explain"]])[0].reference)
    assert len(versions) == 2


def test_a_function_of_a_notebook_builds_a_set_in_its_process(folder: Path, plan: Plan) -> None:
    cell: dict[str, Any] = {"__name__": "__main__"}
    exec("def mine(model, inputs, targets):\n    return inputs", cell)
    parameters = {"mine": {"images": 2}}
    built = building.build(folder / "set", replace(plan, methods=(cell["mine"],), parameters=parameters))
    assert built.methods[0].title == "Mine"


def test_a_function_of_a_notebook_is_refused_by_other_processes() -> None:
    cell: dict[str, Any] = {"__name__": "__main__"}
    exec("def mine(model, inputs, targets):\n    return inputs", cell)
    address = import_paths.register(cell["mine"])
    import_paths._known.pop(address)
    with pytest.raises(ValueError, match=r"^mine is a function of a notebook .*; write it to a file, as in"):
        find_local(address)


@pytest.mark.slow
def test_the_main_function_of_a_script_builds_by_two_workers(folder: Path, squares: Path, network) -> None:
    Path("script.py").write_text(EXPLAIN + SCRIPT)
    path = os.pathsep.join([str(network.folder), *sys.path, str(Path(building.__file__).parents[2])])
    words = ["script.py", network.factory, str(network.weights), str(squares), "set"]
    subprocess.run([sys.executable, *words], env={**os.environ, "PYTHONPATH": path}, check=True)
    assert manifest.read(folder / "set").methods[0].parameters["import_path"] == "./script.py:explain"


@pytest.mark.slow
def test_workers_build_the_same_set_as_one_process(folder: Path, plan: Plan, content) -> None:
    Path("mymethod.py").write_text(SCALED)
    plan = replace(
        plan, methods=("./mymethod.py:explain",), parameters={"mymethod": {"images": 2, "noise": True}}
    )
    for number in (1, 2):
        building.build(folder / str(number), plan, scheduling=Scheduling(workers=number))
    assert content(folder / "1") == content(folder / "2")


def test_a_cluster_whose_workers_lack_the_code_is_refused_in_one_line(
    folder: Path, plan: Plan, monkeypatch
) -> None:
    Path("mymethod.py").write_text(EXPLAIN)
    plan = replace(plan, methods=("./mymethod.py:explain",), parameters={"mymethod": {"images": 2}})
    [task, *_] = building.load(plan).tasks()
    required = tasks.requirements(task)
    monkeypatch.delitem(sys.modules, import_paths._module_name(folder / "mymethod.py"))
    Path("mymethod.py").unlink()
    expected = r"^a worker of the cluster lacks code: \./mymethod\.py:explain: cannot find the file "
    with pytest.raises(ValueError, match=expected):
        perform_remotely(tasks.make_work(torch.nn.Identity(), "cpu"), task, required)


def test_metrics_ask_the_function_again_unless_its_code_has_changed(folder: Path, plan: Plan) -> None:
    Path("mymethod.py").write_text(EXPLAIN)
    plan = replace(plan, methods=("./mymethod.py:explain",), parameters={"mymethod": {"images": 2}})
    building.build(folder / "set", replace(plan, classes=("0",)))
    source, measures = Source(folder / "set", plan.model, plan.data), Measures(("sanity",))
    few = replace(measures, parameters={"sanity": {"images": 1}})
    assert evaluate(source, folder / "1", few).summary("mymethod", "cascading").mean is not None
    record = json.loads((folder / "set" / "manifest.json").read_text())
    record["methods"][0]["parameters"]["code"] = 64 * "0"
    (folder / "set" / "manifest.json").write_text(json.dumps(record))
    assert evaluate(source, folder / "2", few).summary("mymethod", "cascading").mean is None
