/**
 * Control groups of version 2: where a machine's process is put, and what its limits are there.
 * Source: Documentation/admin-guide/cgroup-v2.rst of Linux; the layout is libvirt's.
 */
package org.wardian.daemon.group;
