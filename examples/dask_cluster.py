"""A mean over images that no machine has to hold, on a cluster of workers that each open what they need.

    python examples/dask_cluster.py scan.nii.gz
    python examples/dask_cluster.py scan.nii.gz --scheduler tcp://10.0.0.1:8786

An opened image travels to a worker as its URI and provider, less than a kilobyte; the worker opens it anew and reads
only its own blocks. So the workers must see the same files, and have iolink and the plugin installed. Without
`--scheduler` the workers are processes of this machine. Needs `pip install dask distributed`.
"""

from __future__ import annotations

import argparse

import dask.array as da
from dask.distributed import Client

import iolink


def summary(path: str, client: Client, blocks: int) -> dict[str, float]:
    """Mean and extremes of an image, computed by the cluster block by block."""
    image = iolink.open(path)
    # Blocks along NumPy's first axis; `image.array` reads nothing before a worker asks it for a block.
    size = max(1, -(-image.array.shape[0] // blocks))
    samples = da.from_array(image.array, chunks=(size, *image.array.shape[1:]))
    mean, low, high = client.gather(client.compute([samples.mean(), samples.min(), samples.max()]))
    return {"mean": float(mean), "low": float(low), "high": float(high)}


def main() -> None:
    parser = argparse.ArgumentParser(description="mean, lowest and highest value of an image, computed by a cluster")
    parser.add_argument("path", help="an image that an installed provider opens")
    parser.add_argument("--scheduler", help="address of a running dask scheduler; without it workers are started here")
    parser.add_argument("--workers", type=int, default=2, help="workers to start where there is no scheduler")
    parser.add_argument("--blocks", type=int, default=8, help="blocks to cut the image into")
    given = parser.parse_args()
    options = (
        {"address": given.scheduler}
        if given.scheduler
        else {"n_workers": given.workers, "threads_per_worker": 1, "dashboard_address": None}
    )
    with Client(**options) as client:
        for name, value in summary(given.path, client, given.blocks).items():
            print(f"{name} {value:g}")


if __name__ == "__main__":
    main()
