import io
import shutil
import stat
import zipfile

import pytest

from explanations import manifest
from survey.files.zip_reading import Limits, ZipRefused, unpack
from survey.importing import ImportRefused, import_set, import_zip
from survey.models import ExplanationSet


def zipped(*members, compression=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, content)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return io.BytesIO(out.getvalue())


def link(name):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def refusal(file, folder, limits=None):
    with pytest.raises(ZipRefused) as refused:
        unpack(file, folder, limits or Limits())
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a\\..\\x", "C:x", "a\nb"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    assert "leads out of the folder; allowed are plain paths in it." in refusal(
        zipped((name, b"x")), tmp_path
    )
    assert not list(tmp_path.rglob("*"))


def test_a_link_is_refused(tmp_path):
    assert refusal(zipped((link("a"), b"/etc/passwd")), tmp_path) == (
        "the zip file: 'a' is a link or a device; allowed are files and folders."
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("again", ["a.txt", "A.TXT", "./a.txt"])
def test_a_name_that_stands_there_twice_is_refused(tmp_path, again):
    assert "stands there twice, as 'a.txt'; keep one." in refusal(
        zipped(("a.txt", b"1"), (again, b"2")), tmp_path
    )


def test_a_bomb_is_refused_while_it_unpacks(tmp_path):
    bomb = zipped(("zeros", b"\0" * (8 << 20)))
    assert "unpacks to over 200 times its size" in refusal(bomb, tmp_path)
    assert (tmp_path / "zeros").stat().st_size < 2 << 20


def test_more_bytes_than_allowed_are_refused(tmp_path):
    file = zipped(("a", b"x" * 600), ("b", b"x" * 600))
    assert "unpacks to more than 1,000 bytes" in refusal(file, tmp_path, Limits(unpacked=1000))


def test_too_many_members_are_refused(tmp_path):
    file = zipped(*((f"{n}", b"") for n in range(4)))
    assert refusal(file, tmp_path, Limits(members=3)) == "the zip file: 4 members; allowed are 3."


def test_what_is_no_zip_is_refused(tmp_path):
    assert "no zip file that can be read" in refusal(io.BytesIO(b"PK nonsense"), tmp_path)


def test_a_damaged_zip_is_refused(tmp_path):
    data = bytearray(zipped(("a", b"hello" * 100), compression=zipfile.ZIP_STORED).getvalue())
    data[60] ^= 0xFF
    assert "no zip file that can be read" in refusal(io.BytesIO(bytes(data)), tmp_path)


@pytest.mark.django_db
@pytest.mark.parametrize("top", [".", ".."])
def test_a_zipped_set_is_the_set(set_folder, tmp_path, top):
    base = str(set_folder.name) if top == ".." else None
    root = set_folder.parent if top == ".." else set_folder
    file = shutil.make_archive(str(tmp_path / "set"), "zip", root, base)
    assert import_zip(file) == import_set(set_folder)


@pytest.mark.django_db
def test_a_zipped_set_with_counts_that_was_evaluated_is_the_set(set_folder, tmp_path):
    folder = shutil.copytree(set_folder, tmp_path / "set")
    manifest.write_support(folder, {key: 0 * array for key, array in manifest.read_maps(folder).items()})
    pieces = folder / "metrics" / ".work"
    pieces.mkdir(parents=True)
    for file in (folder / "timings.json", pieces / f"{'0a' * 32}.json"):
        file.write_text("{}")
    manifest.name_metrics(folder, ["metrics/metrics.csv"])  # which was not sent
    file = shutil.make_archive(str(tmp_path / "zipped"), "zip", folder)
    assert import_zip(file) == import_set(set_folder)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ([("a.txt", b"")], "set.zip: 0 files named manifest.json that it could begin with"),
        ([("manifest.json", b"{}"), ("x/manifest.json", b"{}")], "set.zip: 2 files named manifest.json"),
        (
            [("manifest.json", b"{}"), ("maps.pkl", b"")],
            "set.zip: 'maps.pkl' is no part of an explanation set",
        ),
        ([("s/manifest.json", b"{}"), ("other", b"")], "set.zip: 'other' is no part of an explanation set"),
        ([("manifest.json", b"{}")], "manifest.json: format is null; allowed: "),
    ],
)
def test_a_zip_that_is_no_set_is_refused(members, sentence):
    with pytest.raises(ImportRefused) as refused:
        import_zip(zipped(*members), "set.zip")
    assert str(refused.value).startswith(sentence)
    assert not ExplanationSet.objects.exists()
