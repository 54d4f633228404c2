// Runs the core's unit tests on a CPython built for WebAssembly: node run.mjs 3.14 PROJECT SITE_PACKAGES
//
// Tests that start threads or processes, and those of Hypothesis, which is native, are skipped; see docs/decisions/0084.
const [version, project, site] = process.argv.slice(2);
const { loadPyodide } = await import(`python-${version}`);

const python = await loadPyodide({ env: { HOME: '/tmp', PYTEST_DISABLE_PLUGIN_AUTOLOAD: '1' } });
for (const [name, root] of Object.entries({ project, site })) {
  python.FS.mkdirTree(`/${name}`);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, `/${name}`);
}
python.globals.set('version', version);
const code = python.runPython(`
import os, sys
assert sys.version.startswith(version), sys.version
print("CPython", sys.version.split()[0])
sys.dont_write_bytecode = True
sys.path[:0] = [f"/project/{root}" for root in ("src", "src/adapters", "src/entrypoints", "tests", "tests/interpreters")]
sys.path.append("/site")
os.chdir("/project")
import pytest
int(pytest.main([
    "-q", "--assert=plain", "--capture=sys", "-c", os.devnull, "--rootdir", "/project", "--confcutdir", "/project/tests/unit", "-W", "error",
    "--import-mode", "importlib", "-p", "no:cacheprovider", "-p", "only_runnable",
    "tests/unit/domain", "tests/unit/services", "tests/unit/memory", "tests/unit/test_public_names.py",
]))
`);
process.exit(code);
