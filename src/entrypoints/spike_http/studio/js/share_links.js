// Links to pages that need no account, and copying them.

import { absoluteUrl } from './api.js';
import { openDialog } from './dialog.js';
import { h } from './dom.js';
import { showToast } from './toasts.js';

// These are paths, not fragments: the server puts a preview card into the page.
export const sharedAlbumLink = ({ id, privacy, shareToken }) =>
  absoluteUrl(`/share/albums/${id}${privacy === 'UNLISTED' ? `?shareToken=${encodeURIComponent(shareToken)}` : ''}`);
export const sharedPictureLink = (imageId, jobId) =>
  absoluteUrl(`/share/pictures/${imageId}${jobId ? `?job=${jobId}` : ''}`);

export async function copyLink(link) {
  try {
    await navigator.clipboard.writeText(link);
    showToast('Link copied');
  } catch {
    openDialog({
      title: 'Link',
      content: h(
        'label',
        { class: 'field' },
        h('span', {}, 'Copy this link'),
        h('input', { value: link, readonly: true }),
      ),
      action: 'Done',
      onSubmit() {},
    });
  }
}
