/**
 * Initial RAM disks: the newc cpio format that Linux unpacks at its start, and the default user
 * land built from a static busybox.
 */
package org.wardian.boot.initramfs;
