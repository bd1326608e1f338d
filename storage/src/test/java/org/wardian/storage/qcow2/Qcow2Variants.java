package org.wardian.storage.qcow2;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.CreateOptions.Compression;

/** Kinds of qcow2 image, by our options and by qemu-img's. */
final class Qcow2Variants {
  private Qcow2Variants() {}

  /** All kinds: what we create, and the options that make qemu-img create the same. */
  static Stream<Arguments> all() {
    CreateOptions usual = CreateOptions.qcow2(0);
    return Stream.of(
        Arguments.of("usual", usual, List.of()),
        Arguments.of("version 2", usual.withVersion(2), List.of("compat=0.10")),
        Arguments.of("512 bytes", usual.withClusterSize(512), List.of("cluster_size=512")),
        Arguments.of(
            "4 KiB, counts of 1 bit",
            usual.withClusterSize(4096).withRefcountBits(1),
            List.of("cluster_size=4096", "refcount_bits=1")),
        Arguments.of(
            "counts of 2 bits",
            usual.withClusterSize(4096).withRefcountBits(2),
            List.of("cluster_size=4096", "refcount_bits=2")),
        Arguments.of(
            "counts of 4 bits",
            usual.withClusterSize(1024).withRefcountBits(4),
            List.of("cluster_size=1024", "refcount_bits=4")),
        Arguments.of(
            "counts of 8 bits",
            usual.withClusterSize(2048).withRefcountBits(8),
            List.of("cluster_size=2048", "refcount_bits=8")),
        Arguments.of(
            "counts of 32 bits",
            usual.withClusterSize(8192).withRefcountBits(32),
            List.of("cluster_size=8192", "refcount_bits=32")),
        Arguments.of(
            "512 bytes, counts of 64 bits",
            usual.withClusterSize(512).withRefcountBits(64),
            List.of("cluster_size=512", "refcount_bits=64")),
        Arguments.of("2 MiB", usual.withClusterSize(2 << 20), List.of("cluster_size=2M")),
        Arguments.of("lazy counts", usual.withLazyRefcounts(true), List.of("lazy_refcounts=on")),
        Arguments.of(
            "subclusters",
            usual.withExtendedL2(true).withClusterSize(32 << 10),
            List.of("extended_l2=on", "cluster_size=32k")),
        Arguments.of(
            "zstd", usual.withCompression(Compression.ZSTD), List.of("compression_type=zstd")));
  }
}
