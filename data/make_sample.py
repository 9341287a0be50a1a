"""Write the sample files to data/sample/; run it after a change of planner/sample.py."""

from pathlib import Path

from planner.sample import sample_files

FOLDER = Path(__file__).parent / "sample"


def main() -> None:
    """Write every file of the sample and say how large it is."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in sample_files().items():
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
