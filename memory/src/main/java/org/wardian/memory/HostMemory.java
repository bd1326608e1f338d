package org.wardian.memory;

import java.nio.file.Path;
import org.wardian.host.Mapping;

/** Where the host keeps a guest's memory. */
public enum HostMemory {
  /** Memory of this process alone. */
  PRIVATE,

  /**
   * Memory of this process alone, of which the kernel may keep pages once that equal those of other
   * machines, where the host's administrator has switched that on (KSM).
   */
  MERGEABLE,

  /** Files without a name, which another process can map. The kernel does not merge their pages. */
  SHARED;

  /**
   * Zeroed memory.
   *
   * @param size bytes, rounded up to 64 KiB
   * @param name for people
   * @throws org.wardian.host.HostException where the host grants no such mapping
   */
  public Mapping zeroed(long size, String name) {
    return advised(
        this == SHARED ? Mapping.shared(size, "wardian-" + name) : Mapping.anonymous(size));
  }

  /**
   * Memory with the content of a part of a file, which is read as it is touched: {@link
   * Mapping#ofFile}. Not for {@link #SHARED} memory.
   */
  public Mapping ofFile(Path path, long offset, long size) {
    if (this == SHARED) {
      throw new IllegalArgumentException("a file's private copy cannot be shared");
    }
    Mapping mapping = Mapping.ofFile(path, offset, size);
    if (this == MERGEABLE) {
      mapping.adviseMergeable();
    }
    return mapping;
  }

  private Mapping advised(Mapping mapping) {
    mapping.adviseHugePages();
    if (this == MERGEABLE) {
      mapping.adviseMergeable();
    }
    return mapping;
  }
}
