"""What runs cost, told once for what they share."""

from vf_ray.study.spent import StageCost, cost_sections


def stage(address: str, samples: int, work: float) -> StageCost:
    return StageCost(address=address, samples=samples, work=work)


def test_what_every_run_shares_is_no_run_s_own() -> None:
    align = stage("align/x/0", 1000, 4e12)
    costs = {
        "plain": [[align, stage(f"stage1/x/{n}", 100, 1e12)] for n in range(2)],
        "longer": [[align, stage(f"stage1/y/{n}", 300 + n, 3e12)] for n in range(2)],
    }
    (section,) = cost_sections(costs)
    text = section.blocks[0].markdown()
    assert "| run | samples | estimated work, TFLOP | own samples | own work, TFLOP |" in text
    assert "| plain | 1,100 | 5 | 100 | 1 |" in text and "| longer | 1,300 | 7 | 300 | 3 |" in text
    assert (
        "| alone | 1,000 | 4 | 1,000 | 4 |" in next(cost_sections({"alone": [[align]]})).blocks[0].markdown()
    )
    assert not list(cost_sections({"plain": [[]]}))
