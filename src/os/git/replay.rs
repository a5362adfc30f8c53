//! A rebase without a checkout.
//!
//! `git replay` needs git 2.44 and `merge-tree --merge-base` 2.40. With older ones the merge base of one step
//! can still be chosen: the tree we stand on is made a commit whose parent is the parent of the commit that is
//! replayed, and so that parent is the only merge base of the two.

use std::collections::HashMap;

use super::door::unexpected;
use super::error::GitError;
use super::merge::{Merge, Merged, Strategy, three_way};
use super::message::with_task_id;
use super::objects::{Author, commit_tree, commit_tree_of};
use super::oid::Oid;
use super::repo::Repo;

/// A commit that is to be made again.
struct Original {
    commit: Oid,
    parents: Vec<Oid>,
    tree: Oid,
    author: Author,
    message: String,
}

/// Makes every commit of `tip..head` again on top of `tip`, oldest first, without those that change nothing
/// there. `None` if one of them is a merge or has no parent: a line cannot be made of it.
///
/// One process to list them; each costs one to three.
pub(super) fn replay(
    repo: &Repo,
    tip: &Oid,
    tip_tree: &Oid,
    head: &Oid,
    task_id: &str,
) -> Result<Option<Merge>, GitError> {
    let originals = list(repo, tip, head)?;
    if originals.iter().any(|original| original.parents.len() != 1) {
        return Ok(None);
    }
    let mut trees = HashMap::from([(tip.clone(), tip_tree.clone())]);
    trees.extend(originals.iter().map(|original| (original.commit.clone(), original.tree.clone())));
    let (mut commit, mut tree) = (tip.clone(), tip_tree.clone());
    for original in &originals {
        let parent = &original.parents[0];
        let replayed = if trees.get(parent) == Some(&tree) {
            original.tree.clone()
        } else {
            let here = commit_tree(repo, &tree, &[parent], "where the replay stands\n")?;
            match three_way(repo, &here, &original.commit)? {
                Merged::Tree(tree) => tree,
                Merged::Conflict { files, text } => {
                    let subject = original.message.lines().next().unwrap_or_default();
                    let text = format!("replaying {} ({subject}):\n{text}", original.commit.short());
                    return Ok(Some(Merge::Conflict { files, text }));
                }
            }
        };
        if replayed != tree {
            let message = with_task_id(&original.message, task_id);
            commit = commit_tree_of(repo, &original.author, &replayed, &[&commit], &message)?;
            tree = replayed;
        }
    }
    // Taken back later in the same work counts as nothing, but the commits would say otherwise.
    if tree == *tip_tree {
        return Ok(Some(Merge::NothingToDo));
    }
    Ok(Some(Merge::Clean { commit, tree, how: Strategy::Rebase }))
}

fn list(repo: &Repo, tip: &Oid, head: &Oid) -> Result<Vec<Original>, GitError> {
    let format = "--format=%H%x00%P%x00%T%x00%an%x00%ae%x00%ad%x00%B%x00";
    let git = repo.git().reading().args(["rev-list", "--reverse", "--topo-order", "--no-commit-header"]);
    let listed = git.args(["--date=raw", format]).arg(head).arg("--not").arg(tip).run()?;
    let fields: Vec<&[u8]> = listed.split(|&byte| byte == 0).collect();
    let mut originals = Vec::new();
    for record in fields.chunks_exact(7) {
        let text = |n: usize| String::from_utf8_lossy(record[n]).into_owned();
        let oid = |n: usize| Oid::from_git(record[n]).ok_or_else(|| unexpected("git rev-list", record[n]));
        originals.push(Original {
            commit: oid(0)?,
            parents: record[1].split(|&byte| byte == b' ').filter_map(Oid::from_git).collect(),
            tree: oid(2)?,
            author: Author { name: text(3), email: text(4), date: text(5) },
            message: text(6),
        });
    }
    Ok(originals)
}
