# For the steps: what they need on the machine, and the binary that they try. Sourced, never run.

export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}

stop_step() { printf '%s\n' "$*" >&2; printf '0 passed, 1 failed\n'; exit 1; }

# Installs Debian packages where that is allowed; one step at a time, since apt-get refuses a second one.
install_packages() {
    local lock
    exec {lock}>"${TMPDIR:-/tmp}/poligon-packages.lock"
    flock "$lock"
    install_them "$@"
    exec {lock}>&-
}

install_them() {
    local sudo=''
    command -v apt-get >/dev/null || stop_step "needed, and there is no apt-get to install it: $*"
    if [ "$(id -u)" -ne 0 ]; then
        sudo=$(command -v sudo) && "$sudo" -n true 2>/dev/null || stop_step "install as root: apt-get install $*"
    fi
    { $sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -qy --no-install-recommends "$@"; } \
        >&2 || stop_step "apt-get could not install: $*"
}

need_python() { command -v python3 >/dev/null || install_packages python3; }

# A Python of its own with what a file of requirements names, in tests/.cache: need_venv <name> <file>; it is at $venv.
need_venv() {
    local wanted
    venv=tests/.cache/$1
    wanted=$(cksum <"$2")
    [ "$(cat "$venv/made-of" 2>/dev/null)" != "$wanted" ] || return 0
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    # Debian splits ensurepip off; without it a venv cannot be made.
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check --require-virtualenv -r "$2" >&2 ||
        stop_step "what $2 names could not be installed"
    printf '%s\n' "$wanted" >"$venv/made-of"
}

# The SQL client, beside the server where tests/run has installed one.
need_psql() {
    local found
    found=$(ls -d /usr/lib/postgresql/*/bin/psql 2>/dev/null | sort -V | tail -n 1)
    [ -z "$found" ] || PATH="$PATH:$(dirname "$found")"
    command -v psql >/dev/null || install_packages postgresql-client
}

need_services() {
    [ -n "${TEST_DATABASE_URL:-}" ] && [ -n "${TEST_REDIS_URL:-}" ] ||
        stop_step "TEST_DATABASE_URL and TEST_REDIS_URL must name the servers to use; tests/run sets them"
}

# The binary that is tried: the one that the tests have built, which checks for overflows; POLIGON_GATEWAY names another one,
# such as a release.
need_gateway() {
    [ -n "${POLIGON_GATEWAY:-}" ] && return 0
    cargo build --workspace --all-targets --features services --quiet >&2 || stop_step "the gateway could not be built"
    POLIGON_GATEWAY=$(realpath "${CARGO_TARGET_DIR:-target}/debug/gateway") && export POLIGON_GATEWAY
    export POLIGON_GATEWAY_BUILD=dev
}

# What a step needs that is written in Python and tries the binary on both databases.
need_everything() {
    need_services
    need_python
    need_psql
    need_gateway
}
