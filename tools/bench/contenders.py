"""Who is measured. One line of TABLE is one contender.

A command is a template: {port} and {workers} are numbers, {bench} is the folder
of these files, {scratch} a fresh folder for the server's own files. [//a:b] is
the binary or shared object that Bazel makes of that label.
"""

import dataclasses
import os
import re
import shutil


@dataclasses.dataclass(frozen=True)
class Contender:
    """One server and how to start it."""
    name: str
    command: str
    reference: str = 'raw_reuseport'  # ratios are against this contender
    env: tuple = ()       # 'NAME=value'
    template: str = ''    # copied to {scratch}/server.conf, filled in
    warm_s: float = 0.0   # driven that long before it is measured
    worker: str = ''      # regex on a worker's command line; '': every child
    online: str = ''      # how its log tells fork to online, see lifecycle.py
    worker_per_cpu: bool = False  # runs with as many workers as CPUs only


_RAW = '--listen=127.0.0.1:{port} --workers={workers}'
_HOST = '[//core/host:host] {plugin} ' + _RAW
_CANNED = _HOST.replace('{plugin}', '[//tools/bench:canned.so]')
_HELLO = _HOST.replace('{plugin}', '[//plugins/hello_http:hello_http.so]')
_HANDOFF = ' --policy=round_robin --data_path=handoff'
_SHARE = ' --data_path=share'
_STEER = ' --data_path=steer --policy='
_NODE = 'node {bench}/node/'
_NODE_ARGS = '.js {port} {workers}'
_NGINX = 'nginx -p {scratch} -e {scratch}/error.log -c {scratch}/server.conf'
# A fresh Node is more than twice as slow until its compiler has caught up.
_WARM = 3.0
_RR = ('NODE_CLUSTER_SCHED_POLICY=rr',)
_NONE = ('NODE_CLUSTER_SCHED_POLICY=none',)

# pylint: disable=line-too-long
TABLE = (
    Contender('raw_reuseport', '[//tools/bench/servers:raw_reuseport] ' + _RAW),
    Contender('raw_random', '[//tools/bench/servers:raw_reuseport] --steer=random ' + _RAW),
    Contender('raw_cpu_local', '[//tools/bench/servers:raw_reuseport] --steer=cpu ' + _RAW, worker_per_cpu=True),
    Contender('raw_shared', '[//tools/bench/servers:raw_shared] ' + _RAW),
    Contender('raw_handoff', '[//tools/bench/servers:raw_handoff] ' + _RAW),
    Contender('raw_handoff_nogather', '[//tools/bench/servers:raw_handoff] --gather_us=0 ' + _RAW),
    Contender('cluster_handoff', _CANNED + _HANDOFF, online='host'),
    Contender('cluster_handoff_nogather', _CANNED + _HANDOFF + ' --gather_us=0'),
    Contender('cluster_share', _CANNED + _SHARE, reference='raw_shared'),
    Contender('cluster_steer_random', _CANNED + _STEER + 'random'),
    Contender('cluster_steer_cpu_local', _CANNED + _STEER + 'cpu_local', worker_per_cpu=True),
    Contender('beast_reuseport', '[//plugins/hello_http/standalone:beast_standalone] ' + _RAW),
    Contender('beast_shared', '[//plugins/hello_http/standalone:beast_standalone] --shared ' + _RAW, reference='beast_reuseport'),
    Contender('hello_http_handoff', _HELLO + _HANDOFF, reference='beast_reuseport'),
    Contender('hello_http_share', _HELLO + _SHARE, reference='beast_shared'),
    Contender('node_net_rr', _NODE + 'net_server' + _NODE_ARGS, env=_RR, warm_s=_WARM, online='json'),
    Contender('node_net_none', _NODE + 'net_server' + _NODE_ARGS, env=_NONE, warm_s=_WARM),
    Contender('node_http_rr', _NODE + 'http_server' + _NODE_ARGS, env=_RR, warm_s=_WARM, online='json'),
    Contender('node_http_none', _NODE + 'http_server' + _NODE_ARGS, env=_NONE, warm_s=_WARM),
    Contender('nginx_shared', _NGINX, template='nginx/shared.conf'),
    Contender('nginx_reuseport', _NGINX, template='nginx/reuseport.conf'),
)
# pylint: enable=line-too-long

_LABEL = re.compile(r'\[(//[^\]]+)\]')


def by_name(name, table=TABLE):
    """The contender called `name`. Raises KeyError."""
    for contender in table:
        if contender.name == name:
            return contender
    raise KeyError(name)


def selected(pattern, table=TABLE):
    """The contenders whose name matches the regular expression."""
    return [c for c in table if re.search(pattern, c.name)]


def labels(contender):
    """The Bazel labels that a contender's command names."""
    return _LABEL.findall(contender.command)


def find_program(name):
    """The path of a program, or None. Debian has nginx where a plain user's
    PATH does not look."""
    path = os.environ.get('PATH', os.defpath) + ':/usr/sbin:/sbin'
    return shutil.which(name, path=path)


def missing(contender, built):
    """Why the contender cannot run here, or ''.

    `built` maps the labels that could be built to their files.
    """
    for label in labels(contender):
        if label not in built:
            return f'{label} is not there or does not build'
    program = contender.command.split()[0]
    if not program.startswith('[') and not find_program(program):
        return f'{program} is not installed'
    return ''


def command(contender, built, **values):
    """The words of the command line, all placeholders filled in."""
    text = _LABEL.sub(lambda match: built[match.group(1)], contender.command)
    words = [word.format(**values) for word in text.split()]
    return [find_program(words[0]) or words[0], *words[1:]]
