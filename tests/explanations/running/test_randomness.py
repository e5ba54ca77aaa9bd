import numpy as np

from explanations.running import randomness


def test_one_address_gives_one_stream() -> None:
    first = randomness.generator(0, "masks", 1).random(5)
    np.testing.assert_array_equal(first, randomness.generator(0, "masks", 1).random(5))


def test_other_addresses_give_other_streams() -> None:
    addresses = [
        (0, "masks", 1),
        (0, "masks", 2),
        (1, "masks", 1),
        (0, "images", 1),
        (0, "masks1"),
        (0, "masks", "1"),
    ]
    streams = {randomness.generator(*address).bytes(8) for address in addresses}
    assert len(streams) == len(addresses)


def test_the_noise_of_a_sample_depends_on_no_other() -> None:
    together = randomness.normal(5, 0, 10, 100)
    np.testing.assert_array_equal(randomness.normal(5, 7, 10, 100), together[7:])
    assert len({row.tobytes() for row in together}) == 10


def test_noise_is_standard_normal() -> None:
    noise = randomness.normal(5, 0, 100, 1000)
    assert abs(noise.mean()) < 0.02
    assert abs(noise.std() - 1) < 0.01


def test_a_seed_for_torch_fits() -> None:
    seeds = {randomness.torch_seed(0, "vargrad", "3", number) for number in range(100)}
    assert len(seeds) == 100
    assert all(0 <= seed < 2**63 for seed in seeds)
