# Refuses a commit whose generated files are not what its specs say. `flaresmith hook uninstall` takes this block out;
# `git commit --no-verify` commits without it. Branches that do not use Flaresmith are let through.
if [ -n "$(git --literal-pathspecs ls-files -- {settings} {lock})" ]; then
    flaresmith_program=$(command -v flaresmith || command -v "${HOME:-}/.cargo/bin/flaresmith") || {
        echo 'flaresmith: this repository checks its generated files before a commit, and `flaresmith` is not on your PATH.' >&2
        echo 'flaresmith: install it (`cargo install --path .` in its repository), or commit without the check:' >&2
        echo 'flaresmith:     git commit --no-verify' >&2
        exit 1
    }
    "$flaresmith_program" --root {root} spec check --staged || {
        flaresmith_code=$?
        echo 'flaresmith: nothing was committed. Do what the hint says, or commit without the check:' >&2
        echo 'flaresmith:     git commit --no-verify' >&2
        exit "$flaresmith_code"
    }
fi
