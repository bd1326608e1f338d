# Text, numbers and sorting.
cat >program.pl <<'END'
use strict;
use warnings;
my ($seed, @numbers, %counts) = (42);
for my $i (1 .. 40000) {
    $seed = ($seed * 1103515245 + 12345) & 0x7fffffff;
    push @numbers, $seed;
    my $word = join "", map { chr(97 + ($seed >> $_) % 26) } (3, 7, 11, 16);
    $word =~ s/([aeiou])(.)/$2\U$1/g;
    $counts{$word}++ if $word =~ /^[^xyz]{2}.*[a-f]$/i;
}
my @sorted = sort { $a <=> $b } @numbers;
print "$sorted[0] $sorted[20000] $sorted[-1] ", scalar keys %counts, "\n";
my @top = sort { $counts{$b} <=> $counts{$a} or $a cmp $b } keys %counts;
print join(" ", map { "$_=$counts{$_}" } @top[0 .. 19]), "\n";
my ($sum, $product) = (0, 1);
for my $n (1 .. 2000) {
    $sum += sin($n) * sqrt($n) / exp($n / 500);
    $product = ($product * $n + 1) % 1000003;
}
printf "%.17g %d %.6e %s %x %b\n", $sum, $product, 2**0.5, 1e15 / 7, 48879, 1234;
print join(",", map { sprintf "%08x", $_ } unpack "N*", pack "d*", 3.14159, -1 / 3, 1e300), "\n";
print unpack("%32C*", join "", @numbers), " ", ~0, " ", 9007199254740993, " ", -7 % 3, "\n";
my @sieve = (1) x 20000;
for my $p (2 .. 141) { for (my $m = $p * $p; $m < 20000; $m += $p) { $sieve[$m] = 0 } }
print scalar(grep { $sieve[$_] } 2 .. 19999), "\n";
END
perl program.pl
