# Sourced by bin/run and bin/test: find a Python that is new enough and go on in it.
folder=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
found=
for python in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case $version in
        2.* | 3.? | 3.10) found="$found $python ($version)" ;;
        *) exec "$python" "$folder/environment.py" "$program" "$@" ;;
    esac
done
echo "Python 3.11 or newer is needed. Found:${found:- none}." >&2
echo "Install it (Debian, Ubuntu: apt-get install python3 python3-venv), or set PYTHON to its path." >&2
exit 1
