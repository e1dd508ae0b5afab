# The service model of the shoot-out in nginx: a worker takes all connections at
# once and serves them one after the other, each for as many milliseconds as its
# request says ("GET /20"), by a timer (timed) or standing still (blocking); see
# served_by_time.c, which does the same. One interpreter belongs to each worker,
# so what is `my` here is the worker's.
package ServedByTime;

use strict;
use warnings;

use POSIX qw(ceil);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
use nginx;

my $blocking = ($ENV{SERVICE_MODEL} // '') eq 'blocking';
my $free_s   = 0;

sub answer {
    my $request = shift;
    $request->header_out('X-Worker',       $$);
    $request->header_out('Content-Length', 3);
    $request->send_http_header('text/plain');
    $request->print("ok\n");
    return OK;
}

sub handler {
    my $request = shift;
    my $ms      = $request->uri =~ m{^/(\d+)$} ? $1 : 0;
    if ($blocking || $ms == 0) {
        Time::HiRes::sleep($ms / 1000) if $ms > 0;
        return answer($request);
    }
    my $now_s = clock_gettime(CLOCK_MONOTONIC);
    $free_s = ($free_s > $now_s ? $free_s : $now_s) + $ms / 1000;
    $request->sleep(ceil(($free_s - $now_s) * 1000), \&answer);
    return OK;
}

1;
