"""The nodes of networks that studies describe by layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.engine.network_spec import ActivationSpec, LayerSpec, NetworkSpec, PoolSpec, WindowSpec
from reportgen.errors import StudyError
from reportgen.study.loading.loader import dump_study, load_study
from reportgen.study.planning.plan import Plan
from reportgen.study.planning.where import matching_variants

HEAD = "title: T\nquestion: Q\ndata: {name: digits, train: 100}\nseeds: 1\n"
BLOCK = "{conv: {filters: 3, kernel: 3, padding: same}}"
STRIDED = "{conv: {filters: 4, kernel: 3, padding: same, stride: 2}}"


def plan_of(folder: Path, network: str, more: str = "", **overrides: object) -> Plan:
    path = folder / "study.yaml"
    path.write_text(f"{HEAD}network: {network}\n{more}", encoding="utf-8")
    return load_study(path, {name.replace("__", "."): value for name, value in overrides.items()})


def network_of(folder: Path, layers: str, more: str = "") -> NetworkSpec:
    return plan_of(folder, f"{{layers: [{layers}]{more}}}").runs[0].spec.network


def kinds(network: NetworkSpec) -> list[str]:
    return [node.kind for node in network.nodes]


def test_a_layer_has_its_own_settings_or_those_of_the_network(tmp_path: Path) -> None:
    layers = "{conv: {filters: 2, kernel: [3, 2], stride: 2}}, {pool: 2}, "
    layers += "{dense: {units: 5, batchnorm: none, bias: 1}}"
    network = network_of(tmp_path, layers, ", activation: tanh, batchnorm: true, dropout: 0.5")
    conv, pool, dense, output = network.nodes
    assert isinstance(conv, LayerSpec)
    assert isinstance(dense, LayerSpec)
    assert isinstance(output, LayerSpec)
    assert conv.window == WindowSpec((3, 2), (2, 2), (0, 0))
    assert pool == PoolSpec("max_pool", WindowSpec((2, 2), (2, 2)))
    assert (conv.batchnorm is None, dense.batchnorm is None) == (False, True)
    assert (dense.bias, dense.units, dense.activation.name, output.units) == (1.0, 5, "tanh", 10)


def test_layers_have_factors_of_the_learning_rate(tmp_path: Path) -> None:
    layers = "{dense: {units: 3, lr_factor: 0}}, {dense: 4}, {dense: {units: 5, lr_factor: null}}"
    network = network_of(tmp_path, layers, ", lr_factor: 2, output_lr_factor: 0.5")
    assert [layer.lr_factor for layer in network.layers] == [0.0, 2.0, 2.0, 0.5]
    short = plan_of(tmp_path, "{hidden: [3, 4], lr_factor: [0.1, 10]}").runs[0].spec.network
    assert [layer.lr_factor for layer in short.layers] == [0.1, 10.0, 1.0]


def test_layers_have_normalizations_of_examples(tmp_path: Path) -> None:
    layers = "{conv: {filters: 4, kernel: 3, norm: {name: group_norm, groups: 2}}}, {dense: {units: 4, norm: none}}, "
    layers += "{dense: 6}"
    nodes = network_of(tmp_path, layers, ", norm: layer_norm").layers
    assert [node.norm and node.norm.name for node in nodes] == ["group_norm", None, "layer_norm", None]
    short = plan_of(tmp_path, "{hidden: [4, 6], norm: [LayerNorm, none]}").runs[0].spec.network
    assert [layer.norm and layer.norm.name for layer in short.layers] == ["layer_norm", None, None]


def test_survival_falls_in_equal_steps_from_block_to_block(tmp_path: Path) -> None:
    block = f"{BLOCK}, {{residual: {{repeat: 4, layers: [{BLOCK}, {BLOCK}]}}}}"

    def survivals(setting: str) -> list[float]:
        layers = network_of(tmp_path, block, f", stochastic_depth: {setting}").layers
        return [layer.branch_drop.survival for layer in layers if layer.branch_drop]

    assert survivals("0.6") == pytest.approx([0.9, 0.8, 0.7, 0.6])
    assert survivals("{survival: 0.6, rule: uniform, by: example}") == pytest.approx([0.6] * 4)
    assert survivals("true")[-1] == 0.5
    assert survivals("1") == survivals("false") == []


@pytest.mark.parametrize(
    ("network", "code"),
    [
        ("{hidden: [4], stochastic_depth: 0.5}", "inapplicable-key"),
        ("{layers: [{residual: {layers: [{dense: 64}]}}], stochastic_depth: 0}", "out-of-range"),
        ("{layers: [{residual: {layers: [{dense: 64}]}}], stochastic_depth: {survives: 0.5}}", "unknown-key"),
        ("{hidden: [4], norm: layer_norm, batchnorm: true}", "conflicting-settings"),
        ("{hidden: [4], norm: layer_norm, init: fixup}", "conflicting-settings"),
        ("{hidden: [4, 6], norm: {name: group_norm, groups: 4}}", "invalid-value"),
        ("{hidden: [4, 1, 4], norm: layer_norm}", "invalid-value"),
        ("{hidden: [4], norm: {name: group_norm, groups: 4}}", "invalid-value"),
        ("{layers: [{dense: {units: 4, norm: layer_norm}}], batchnorm: true}", "conflicting-settings"),
        ("{hidden: [4], norm: instance_norm}", "unknown-name"),
        ("{hidden: [4, 5], norm: [layer_norm]}", "wrong-length"),
    ],
)
def test_settings_that_do_not_fit_are_errors(tmp_path: Path, network: str, code: str) -> None:
    with pytest.raises(StudyError) as error:
        plan_of(tmp_path, network)
    assert error.value.code == code
    assert ":5:" in error.value.where


def test_a_bias_of_null_is_the_network_s(tmp_path: Path) -> None:
    layer = "{dense: {units: 5, bias: null, dropout: null, batchnorm: null}}"
    first = network_of(tmp_path, layer, ", bias: 0.5, dropout: 0.2, batchnorm: true").layers[0]
    assert (first.bias, first.dropout, first.batchnorm) == (0.5, None, None)


def test_the_short_form_and_dense_layers_make_equal_runs(tmp_path: Path) -> None:
    short = plan_of(tmp_path, "{hidden: [5, 4], activation: tanh}").runs[0].spec
    assert plan_of(tmp_path, "{layers: [{dense: 5}, {dense: {units: 4}}], activation: tanh}").runs[0].spec == short


def test_a_global_pooling_averages_each_channel(tmp_path: Path) -> None:
    assert network_of(tmp_path, "{pool: global}").nodes[0] == PoolSpec("average_pool", None)
    assert network_of(tmp_path, "{pool: {size: global}}").nodes[0] == PoolSpec("max_pool", None)


def test_a_repeated_block_adds_the_outputs_of_the_block_before(tmp_path: Path) -> None:
    network = network_of(tmp_path, f"{BLOCK}, {{residual: {{repeat: 2, layers: [{BLOCK}, {BLOCK}]}}}}")
    assert [layer.adds for layer in network.layers] == [None, None, 0, None, 2, None]
    branches = [layer.branch for layer in network.layers[1:5]]
    assert [(b.block, b.blocks, b.place, b.length) for b in branches if b] == [
        (1, 2, 1, 2),
        (1, 2, 2, 2),
        (2, 2, 1, 2),
        (2, 2, 2, 2),
    ]


def test_a_projection_is_added_where_shapes_differ_only(tmp_path: Path) -> None:
    block = "{residual: {shortcut: projection, layers: [%s, %s]}}"
    network = network_of(tmp_path, f"{BLOCK}, {block % (BLOCK, BLOCK)}, {block % (STRIDED, STRIDED)}")
    projection = network.layers[3]
    assert projection.window == WindowSpec((1, 1), (4, 4))
    assert projection.activation.name == "identity"
    assert [layer.source for layer in network.layers] == [None, None, None, None, 2, None, None]
    assert [layer.adds for layer in network.layers] == [None, None, 0, None, None, 3, None]


def test_pre_activation_precedes_the_layers_and_ends_the_blocks(tmp_path: Path) -> None:
    block = f"{{residual: {{repeat: 2, order: pre, layers: [{BLOCK}, {BLOCK}]}}}}"
    network = network_of(tmp_path, f"{BLOCK}, {block}, {{pool: global}}", ", batchnorm: true")
    assert kinds(network) == [
        "conv",
        *["pre_activation", "conv", "conv"] * 2,
        "pre_activation",
        "average_pool",
        "dense",
    ]
    last = network.layers[2]
    assert (last.activation.name, last.batchnorm, last.adds) == ("identity", None, 0)
    assert isinstance(network.nodes[7], ActivationSpec)


def test_the_output_layer_has_the_init_of_the_last_layer(tmp_path: Path) -> None:
    network = network_of(tmp_path, "{dense: 5}, {dense: {units: 4, init: xavier}}")
    assert network.layers[-1].init.name == "xavier"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("network.layers.0.conv.filters", 5),
        ("network.layers.0.conv.activation.slope", 0.3),
        ("network.layers.1.pool.size", 4),
        ("network.layers.2.dense.units", 5),
        ("network.layers.2", {"dense": 5}),
        ("network.layers.2.dense.batchnorm.momentum", 0.5),
        ("network.layers", [{"dense": 5}]),
        ("network.hidden", [5]),
    ],
)
def test_an_override_changes_a_layer(tmp_path: Path, path: str, value: object) -> None:
    layers = "{layers: [{conv: {filters: 2, kernel: 3, activation: leaky_relu}}, {pool: 2}, {dense: 7}]}"
    before, after = plan_of(tmp_path, layers), plan_of(tmp_path, layers, **{path: value})
    assert before.runs[0].spec.network != after.runs[0].spec.network


@pytest.mark.parametrize("path", ["network.layers.9.dense", "network.layers.x", "network.layers.0.conv.filters.a"])
def test_an_override_cannot_continue_into_nothing(tmp_path: Path, path: str) -> None:
    from reportgen.errors import StudyError

    with pytest.raises(StudyError) as error:
        plan_of(tmp_path, "{layers: [{conv: {filters: 2, kernel: 3}}]}", **{path: 1})
    assert error.value.code == "unknown-setting"


def test_layers_and_their_settings_vary(tmp_path: Path) -> None:
    vary = "vary: {network.layers.0.conv.filters: [2, 3], network.layers.0.conv.kernel: [3, [5, 3]]}\n"
    plan = plan_of(tmp_path, "{layers: [{conv: {filters: 2, kernel: 3}}]}", vary)
    assert [variant.label for variant in plan.variants][:2] == ["filters 2, kernel 3", "filters 2, kernel 5-3"]
    assert len(matching_variants(plan.variants, {"network.layers.0.conv.filters": 3})) == 2
    assert {run.spec.network.layers[0].window for run in plan.runs} == {WindowSpec((3, 3)), WindowSpec((5, 3))}


def test_networks_of_both_forms_can_be_compared(tmp_path: Path) -> None:
    variants = "variants: {dense: {network.hidden: [5]}, conv: {network.layers: [{conv: {filters: 2, kernel: 3}}]}}\n"
    plan = plan_of(tmp_path, "{hidden: [4]}", variants)
    assert [kinds(run.spec.network) for run in plan.runs] == [["dense", "dense"], ["conv", "dense"]]


def test_the_label_of_varied_layers_lists_them(tmp_path: Path) -> None:
    lenet = "[{conv: {filters: 2, kernel: 3, batchnorm: true}}, {pool: 2}, {pool: global}, {dense: 5}]"
    own = "[{dense: {units: 5, init: he, activation: {name: leaky_relu, slope: 0.1}}}]"
    block = f"[{BLOCK}, {{residual: {{repeat: 2, layers: [{BLOCK}]}}}}]"
    plan = plan_of(tmp_path, "{layers: []}", f"vary: {{network.layers: [[], {lenet}, {block}, {own}]}}\n")
    assert [variant.label for variant in plan.variants] == [
        "no layers",
        "conv 2 3x3 batchnorm, max pool 2, global average pool, dense 5",
        "conv 3 3x3 padding same, 2 × residual (conv 3 3x3 padding same)",
        "dense 5 leaky_relu 0.1 he_normal",
    ]


def test_a_dumped_study_has_the_same_layers(tmp_path: Path) -> None:
    block = "{residual: {layers: [{conv: {filters: 2, kernel: 3, padding: same, dropout: 0.1}}]}}"
    layers = f"{{layers: [{{conv: {{filters: 2, kernel: 3}}}}, {block}, {{pool: 2}}, {{dense: 7}}]}}"
    plan = plan_of(tmp_path, layers)
    path = tmp_path / "dumped.yaml"
    path.write_text(dump_study(plan.study), encoding="utf-8")
    assert load_study(path).runs == plan.runs
