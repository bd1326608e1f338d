/**
 * The qcow2 format, versions 2 and 3, by QEMU's "Qcow2 Image File Format" (docs/interop/qcow2.txt).
 */
package org.wardian.storage.qcow2;
