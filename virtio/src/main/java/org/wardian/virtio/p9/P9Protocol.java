package org.wardian.virtio.p9;

import java.nio.charset.StandardCharsets;

/**
 * Numbers of the 9P transport device (virtio 1.2 §5.15, Linux {@code virtio_9p.h}) and of 9P2000.L
 * (the manual pages of Plan 9, section 5; diod's {@code protocol.md}; Linux {@code
 * include/net/9p/9p.h}).
 */
final class P9Protocol {
  static final long MOUNT_TAG = 1L << 0;

  /** The configuration: two bytes of length, then the tag. */
  static final int CONFIG_TAG = 2;

  /** Message types of requests; an answer's is one more. */
  static final int ERROR = 6;

  static final int STATFS = 8;
  static final int OPEN = 12;
  static final int CREATE = 14;
  static final int SYMLINK = 16;
  static final int MKNOD = 18;
  static final int RENAME = 20;
  static final int READLINK = 22;
  static final int GETATTR = 24;
  static final int SETATTR = 26;
  static final int XATTRWALK = 30;
  static final int XATTRCREATE = 32;
  static final int READDIR = 40;
  static final int FSYNC = 50;
  static final int LOCK = 52;
  static final int GETLOCK = 54;
  static final int LINK = 70;
  static final int MKDIR = 72;
  static final int RENAMEAT = 74;
  static final int UNLINKAT = 76;
  static final int VERSION = 100;
  static final int AUTH = 102;
  static final int ATTACH = 104;
  static final int FLUSH = 108;
  static final int WALK = 110;
  static final int READ = 116;
  static final int WRITE = 118;
  static final int CLUNK = 120;
  static final int REMOVE = 122;

  /** The version that is spoken here. */
  static final byte[] DIALECT = "9P2000.L".getBytes(StandardCharsets.US_ASCII);

  static final byte[] UNKNOWN = "unknown".getBytes(StandardCharsets.US_ASCII);

  /** Size (4), type (1) and tag (2) of each message. */
  static final int HEADER = 7;

  /** Bytes of a read's answer before its data. */
  static final int READ_HEADER = HEADER + 4;

  /** Bytes of a write before its data. */
  static final int WRITE_HEADER = HEADER + 4 + 8 + 4;

  /** Bytes of a listing's answer before its entries. */
  static final int LIST_HEADER = HEADER + 4;

  /** Bytes of a qid: kind (1), version (4), path (8). */
  static final int QID = 13;

  static final int QID_FOLDER = 0x80;
  static final int QID_LINK = 0x02;

  static final int MOST_NAMES = 16;

  // Flags of getattr.
  static final long ATTRIBUTES_BASIC = 0x7ff;
  static final long ATTRIBUTES_BIRTH = 0x800;

  // Flags of setattr.
  static final int SET_MODE = 1;
  static final int SET_SIZE = 8;
  static final int SET_ACCESSED = 0x10;
  static final int SET_MODIFIED = 0x20;
  static final int SET_ACCESSED_TO = 0x80;
  static final int SET_MODIFIED_TO = 0x100;

  /** {@code AT_REMOVEDIR} of unlinkat. */
  static final int REMOVE_FOLDER = 0x200;

  /** What lock answers: granted. */
  static final int LOCK_GRANTED = 0;

  /** What getlock answers: nobody holds one. */
  static final int UNLOCKED = 2;

  // Flags of open, as Linux numbers them on most processors.
  static final int ACCESS_MODE = 3;
  static final int EXCLUSIVE = 0200;
  static final int EMPTY = 01000;
  static final int APPENDING = 02000;

  /** What statfs says that the file system is: {@code V9FS_MAGIC}. */
  static final int MAGIC = 0x01021997;

  private P9Protocol() {}
}
