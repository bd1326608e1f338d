/**
 * The programs of the protocol and their procedures. The packages below hold a record for each
 * structure; they are generated from {@code src/main/protocol} when the module is built.
 */
package org.wardian.libvirt.wire;
