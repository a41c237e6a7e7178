import sys
from pathlib import Path

# the benchmarks are no installed package; they run from the project's root
sys.path.insert(0, str(Path(__file__).parents[2]))
