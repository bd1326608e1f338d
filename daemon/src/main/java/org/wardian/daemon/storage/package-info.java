/**
 * Storage pools and their volumes: what clients ask, the folders and files behind it, streams into
 * volumes and out of them.
 */
package org.wardian.daemon.storage;
